import { whenClicked, whenShown } from "./fixtures/moments";
import { expectUnread, live, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

test("a like on one server becomes a toast on the other, and goes again", async ({ house, member }) => {
  const second = await house.second();
  const ana = await member("Ana");
  const ben = await member("Ben", { at: second.url });
  const id = await ana.api.post(`From the first server, ${ana.handle}`);
  const anas = await ana.open();
  const bens = await ben.open(`/posts/${id}`);

  const moments = Promise.all([whenClicked(bens), whenShown(anas, "[data-testid=toast]")]);
  await bens.getByRole("button", { name: "Like" }).click();
  await expect(toasts(anas)).toContainText("Ben likes your post");
  const [clicked, shown] = await moments;
  console.log(`  from Ben's click to Ana's toast, over two servers: ${shown - clicked} ms`);
  await expectUnread(anas, 1);
  await expect(anas.locator(`[data-post-id="${id}"]`).getByTestId("likes")).toHaveText("1");

  await bens.getByRole("button", { name: "Like" }).click();
  await expect(toasts(anas)).toHaveCount(0);
  await expectUnread(anas, 0);
});

test("tabs on two servers say the same", async ({ house, member, stranger }) => {
  const second = await house.second();
  const [ana, ben] = [await member("Ana"), await member("Ben", { at: second.url })];
  const tablet = await stranger("Tablet", { at: second.url });
  await tablet.context.addCookies([{ ...ana.api.cookie, url: second.url }]);
  const id = await ana.api.post(`Everywhere, ${ana.handle}`);
  const here = await ana.open("/notifications");
  const there = await tablet.open("/notifications");
  await live(there);

  await ben.api.like(id);
  for (const page of [here, there]) {
    await expect(toasts(page)).toHaveCount(1);
    await expect(page.getByTestId("group")).toHaveCount(1);
    await expectUnread(page, 1);
  }
  await there.getByRole("button", { name: "Mark all as read" }).click();
  for (const page of [here, there]) await expectUnread(page, 0);
});

test("logging out everywhere on one server closes the session on the other", async ({ house, member, stranger }) => {
  const second = await house.second();
  const ana = await member("Ana");
  const tablet = await stranger("Tablet", { at: second.url });
  await tablet.context.addCookies([{ ...ana.api.cookie, url: second.url }]);
  const there = await tablet.open();
  await live(there);
  const here = await ana.open("/settings");
  await here.getByRole("button", { name: "Log out everywhere" }).click();
  await expect(there.getByTestId("connection")).toContainText("Your session has ended.");
});
