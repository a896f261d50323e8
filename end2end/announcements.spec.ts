import { expectUnread, live, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** What Chromium says about the program that the page names and that it may not run. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];

for (const javaScriptEnabled of [true, false]) {
  test(`what is announced reaches everybody, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ ownHouse: house, member }) => {
    const second = await house.second();
    const [ana, ben, cem] = [
      await member("Ana", { javaScriptEnabled, at: house.quad.url }),
      await member("Ben", { at: second.url }),
      await member("Cem", { at: house.quad.url }),
    ];
    if (!javaScriptEnabled) ana.watch.expect(...UNUSED);
    await house.promote(ana.handle);
    const bens = await ben.open();
    await live(bens);
    const page = await ana.context.newPage();
    await page.goto("/announcements");
    if (javaScriptEnabled) await live(page);
    const text = `The canteen closes at noon, ${ana.handle}`;
    await page.getByLabel("Tell everybody").fill(text);
    await page.getByLabel("How it is meant").selectOption("Warning");
    await page.getByRole("button", { name: "Announce" }).click();
    await expect(page.getByTestId("announcement").first()).toContainText(text);
    await expect(page.getByLabel("Tell everybody")).toHaveValue("");
    await expect(toasts(bens).filter({ hasText: text })).toHaveCount(1);

    // Whoever was away finds it in the inbox.
    const cems = await cem.open("/notifications");
    await expect(cems.getByTestId("group").filter({ hasText: text })).toHaveCount(1);
    await cems.reload();
    await expect(cems.getByTestId("group").filter({ hasText: text })).toHaveCount(1);
    // Others read and cannot announce.
    await cems.goto("/announcements");
    await expect(cems.getByTestId("announcement").first()).toContainText(text);
    await expect(cems.getByLabel("Tell everybody")).toHaveCount(0);
    await house.demote(ana.handle);
    await page.reload();
    await expect(page.getByLabel("Tell everybody")).toHaveCount(0);
  });
}

test("an announcement is one line of the inbox, in two tabs", async ({ ownHouse: house, member }) => {
  const at = house.quad.url;
  const [ana, ben] = [await member("Ana", { at }), await member("Ben", { at })];
  await house.promote(ana.handle);
  const one = await ben.open();
  const two = await ben.context.newPage();
  await two.goto("/notifications");
  await live(two);
  await ana.api.announce(`Only once, ${ana.handle}`);
  await expect(two.getByTestId("group").filter({ hasText: `Only once, ${ana.handle}` })).toHaveCount(1);
  await expectUnread(one, 1);
  await expectUnread(two, 1);
});
