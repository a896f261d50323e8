import type { Page } from "@playwright/test";
import { countAppearances, expectUnread, openWithClock, show, speaker, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** How many toasts appear from now on, over all tabs. */
async function countToasts(tabs: Page[]): Promise<() => Promise<number>> {
  const counts = await Promise.all(tabs.map((tab) => countAppearances(tab, "[data-testid=toast]")));
  return async () => (await Promise.all(counts.map((count) => count()))).reduce((sum, count) => sum + count, 0);
}

test("of three tabs one shows the toast, and all of them count", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const tabs = [await ana.open(), await ana.open("/settings"), await ana.open("/settings")];
  const appeared = await countToasts(tabs);
  const speaks = await speaker(tabs);
  await ben.api.like(await ana.api.post(`Once, ${ana.handle}`));
  for (const tab of tabs) await expectUnread(tab, 1);
  await expect(toasts(speaks)).toHaveCount(1);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1 });
  expect(await appeared()).toBe(1);
});

test("when the tab that speaks is closed, the next one does", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const posts = [await ana.api.post(`One, ${ana.handle}`), await ana.api.post(`Two, ${ana.handle}`)];
  const tabs = [await ana.open("/settings"), await ana.open("/settings"), await ana.open("/settings")];
  const first = await speaker(tabs);
  await ben.api.like(posts[0] ?? "");
  await expect(toasts(first)).toHaveCount(1);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1 });

  const rest = tabs.filter((tab) => tab !== first);
  const appeared = await countToasts(rest);
  await first.close();
  const second = await speaker(rest);
  await ben.api.like(posts[1] ?? "");
  await expect(toasts(second)).toContainText(`Two, ${ana.handle}`);
  for (const tab of rest) await expectUnread(tab, 2);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 2 });
  expect(await appeared()).toBe(1);
});

test("a like in the moment in which the tab that speaks is closed is still told", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const tabs = [await ana.open("/settings"), await ana.open("/settings"), await ana.open("/settings")];
  for (let shown = 1; tabs.length > 1; shown++) {
    const id = await ana.api.post(`Number ${shown} of ${ana.handle}`);
    const closing = await speaker(tabs);
    tabs.splice(tabs.indexOf(closing), 1);
    const appeared = await countToasts(tabs);
    await Promise.all([closing.close(), ben.api.like(id)]);
    await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown });
    for (const tab of tabs) await expectUnread(tab, shown);
    // Either it was seen before its tab was gone, or in exactly one of the others.
    expect(await appeared()).toBeLessThanOrEqual(1);
  }
});

test("a tab that comes into view takes over, and tells what nobody saw", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const [one, two] = [await ana.open("/settings"), await openWithClock(ana, "/settings")];
  expect(await speaker([one, two])).toBe(two);
  await show(one, false);
  await show(two, false);
  await ben.api.like(await ana.api.post(`Where do you look? ${ana.handle}`));
  // The tab holds it ready, but no frame of it was painted: the clock stands still.
  await expect(toasts(two)).toHaveCount(1);
  await expect(toasts(one)).toHaveCount(0);
  // A page behind another one is not painted.
  await one.bringToFront();
  await show(one, true);
  await expect(toasts(one)).toHaveCount(1);
  await expect(toasts(two)).toHaveCount(0);
  expect(await speaker([one, two])).toBe(one);
  // The clock is one for all tabs; when it runs on, frames are painted.
  await one.clock.runFor(100);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1 });
});

test("what the page itself has to say is said in its own tab", async ({ member }) => {
  const ana = await member("Ana");
  const id = await ana.api.post(`Away with it, ${ana.handle}`);
  const [one, two] = [await ana.open(`/posts/${id}`), await ana.open()];
  expect(await speaker([one, two])).toBe(two);
  await one.getByRole("button", { name: "Delete post" }).click();
  await expect(toasts(one)).toContainText("Your post is deleted.");
  await expect(toasts(two)).toHaveCount(0);
});

test("where the browser has no locks, every tab speaks for itself", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  await ana.context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  const tabs = [await ana.open(), await ana.open()];
  await ben.api.like(await ana.api.post(`To all, ${ana.handle}`));
  for (const tab of tabs) await expect(toasts(tab)).toHaveCount(1);
  // Two tabs that report the same toast count it once.
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1 });
});
