import { House } from "./fixtures/house";
import { awake, card, expectUnread, live, post, toasts } from "./fixtures/page";
import { expect, test as base } from "./fixtures/test";

const test = base.extend<{ demo: House }>({
  demo: async ({}, use) => {
    const house = await House.openDemo();
    await use(house);
    await house.close();
  },
});

test("a newcomer posts, and the demo's people like it within seconds", async ({ demo, stranger }) => {
  const zoe = await stranger("Zoe", { at: demo.quad.url });
  const page = await zoe.open();
  await expect(page.getByRole("article")).toHaveCount(12);
  for (const path of ["/", "/people/ana", "/login", "/signup"]) {
    await page.goto(path);
    await awake(page);
    await expect(page.getByTestId("demo")).toContainText("This is a demo");
  }
  await page.getByLabel("Handle").fill(zoe.handle);
  await page.getByLabel("Name (optional)").fill(zoe.name);
  await page.getByLabel("Password").fill(zoe.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await live(page);
  const text = `Hello from ${zoe.handle}`;
  const before = Date.now();
  await post(page, text);
  await expect(toasts(page).first()).toContainText("likes your post", { timeout: 15_000 });
  console.log(`  from Zoe's post to the first toast: ${Date.now() - before} ms`);
  await expect(card(page, text).getByTestId("likes")).toHaveText("3", { timeout: 20_000 });
  await expectUnread(page, 1);
  for (const path of ["/notifications", "/settings"]) {
    await page.goto(path);
    await live(page);
    await expect(page.getByTestId("demo")).toContainText("This is a demo");
  }
});

test("nobody is made up where it is no demo", async ({ stranger }) => {
  const page = await (await stranger("Eve")).open();
  await expect(page.getByTestId("demo")).toHaveCount(0);
});
