import type { Page } from "@playwright/test";
import { countAppearances, expectUnread, live, openWithClock, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** What a browser says by itself while there is no way to the server. */
const NO_WAY = [/WebSocket connection .* failed/, /ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/];

async function lost(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-live", "connecting");
}

test("what was liked while the socket was cut arrives once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const [ben, cem] = [await member("Ben"), await member("Cem")];
  const id = await ana.api.post(`One, ${ana.handle}`);
  const page = await ana.open();
  const appeared = await countAppearances(page, "[data-testid=toast]");
  await ben.api.like(id);
  await expect(toasts(page)).toHaveText(/Ben likes your post/);

  ana.watch.expect(...NO_WAY);
  cable.cut();
  await lost(page);
  await page.keyboard.press("Escape");
  await expect(toasts(page)).toHaveCount(0);
  await cem.api.like(id);
  cable.mend();
  await live(page);
  await expectUnread(page, 1);
  await expect(page.getByTestId("announcer")).toContainText("Cem likes your post");
  await expect.poll(appeared).toBe(2);
  await expect(page.locator(`[data-post-id="${id}"]`).getByTestId("likes")).toHaveText("2");
});

test("nobody hears of an interruption that is over at once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const id = await ana.api.post(`Steady, ${ana.handle}`);
  const page = await ana.open();
  const noted = await countAppearances(page, "[data-testid=connection]");
  ana.watch.expect(...NO_WAY);
  cable.breakOff();
  await lost(page);
  await ben.api.like(id);
  await expect(toasts(page)).toHaveCount(1);
  await live(page);
  expect(await noted()).toBe(0);
});

test("an interruption that lasts is said, and the note goes when it is over", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const page = await ana.open();
  await expect(page.getByTestId("connection")).toHaveCount(0);
  ana.watch.expect(...NO_WAY);
  cable.cut();
  await expect(page.getByTestId("connection")).toContainText("Connecting again…", { timeout: 10_000 });
  await expect(page.getByTestId("announcer")).toContainText("Connecting again…");
  cable.mend();
  await expect(page.getByTestId("connection")).toHaveCount(0, { timeout: 20_000 });
  await expect(page.getByTestId("announcer")).toContainText("Connected again.");
  await live(page);
});

test("a device without a network says so, and catches up when it is back", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const id = await ana.api.post(`Under way, ${ana.handle}`);
  const page = await ana.open();
  ana.watch.expect(...NO_WAY, /ERR_INTERNET_DISCONNECTED/);
  await ana.context.setOffline(true);
  cable.cut();
  await expect(page.getByTestId("connection")).toContainText("Offline.", { timeout: 10_000 });
  await ben.api.like(id);
  cable.mend();
  await ana.context.setOffline(false);
  await expect(toasts(page)).toHaveCount(1);
  await expect(page.getByTestId("connection")).toHaveCount(0);
  await expectUnread(page, 1);
});

test("a connection that died without a word is noticed and replaced", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const id = await ana.api.post(`Hello? ${ana.handle}`);
  const page = await openWithClock(ana);
  const appeared = await countAppearances(page, "[data-testid=toast]");
  cable.hang();
  await ben.api.like(id);
  // After 75 s without a word it gives up, within 15 more.
  await page.clock.fastForward(70_000);
  expect(await appeared()).toBe(0);
  await page.clock.fastForward(20_000);
  await expect
    .poll(
      async () => {
        await page.clock.runFor(500);
        return appeared();
      },
      { intervals: [50] },
    )
    .toBe(1);
  await live(page);
  await expectUnread(page, 1);
});

test("a server that is restarted takes its people back, and nothing is missed", async ({ ownHouse, member }) => {
  const other = await ownHouse.second();
  const ana = await member("Ana", { at: ownHouse.quad.url });
  const ben = await member("Ben", { at: other.url });
  const id = await ana.api.post(`Maintenance at noon, ${ana.handle}`);
  const page = await ana.open("/notifications");
  const appeared = await countAppearances(page, "[data-testid=toast]");
  ana.watch.expect(...NO_WAY);
  await ownHouse.quad.stop();
  await lost(page);
  await ben.api.like(id);
  await ownHouse.quad.start();
  await expect(toasts(page)).toHaveCount(1, { timeout: 20_000 });
  await live(page);
  await expectUnread(page, 1);
  await expect(page.getByTestId("group")).toHaveCount(1);
  expect(await appeared()).toBe(1);
});

test("the same after a server was killed", async ({ ownHouse, member }) => {
  const other = await ownHouse.second();
  const ana = await member("Ana", { at: ownHouse.quad.url });
  const ben = await member("Ben", { at: other.url });
  const id = await ana.api.post(`No warning, ${ana.handle}`);
  const page = await ana.open();
  ana.watch.expect(...NO_WAY);
  await ownHouse.quad.kill();
  await lost(page);
  await ben.api.like(id);
  await ben.api.unlike(id);
  await ben.api.like(id);
  await ownHouse.quad.start();
  await expect(toasts(page)).toHaveCount(1, { timeout: 20_000 });
  await expectUnread(page, 1);
});

test("a page that comes out of the back-forward cache is live again", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`There and back, ${ana.handle}`);
  const page = await ana.open();
  await page.goto("/healthz");
  await ben.api.like(id);
  await page.goBack();
  await live(page);
  await expectUnread(page, 1);
});
