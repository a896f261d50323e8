import type { Locator, Page } from "@playwright/test";
import { card, live, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** Opens a page in a browser whose clock is three hours ahead, and stands still until the test moves it. */
async function openThreeHoursAhead(person: Person, path: string): Promise<Page> {
  const page = await person.context.newPage();
  await page.clock.install({ time: Date.now() + 3 * HOUR });
  await page.goto(path);
  await expect(page.locator("html")).toHaveAttribute("data-live");
  return page;
}

async function stop(page: Page): Promise<void> {
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 10 * SECOND);
}

/** Somebody, or the network, sets the clock of the device. Time itself passes as before. */
async function jump(page: Page, by: number): Promise<void> {
  await page.clock.setSystemTime((await page.evaluate(() => Date.now())) + by);
}

/** A moment as clocks in a zone show it. */
function inZone(moment: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const parts = Object.fromEntries(format.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
  return `${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute}`;
}

async function expectTitleIn(time: Locator, timeZone: string): Promise<void> {
  const moment = (await time.getAttribute("datetime")) ?? "";
  await expect(time).toHaveAttribute("title", inZone(moment, timeZone));
}

for (const timezoneId of ["Asia/Kathmandu", "America/St_Johns"]) {
  test(`relative times are right with a wrong clock in ${timezoneId}, and tooltips are in the reader's zone`, async ({ member, stranger }) => {
    const [ana, eve] = [await member("Ana"), await stranger("Eve", { timezoneId })];
    const text = `Now, ${ana.handle}`;
    await ana.api.post(text);
    // Somebody without a session has no socket that says what time it is.
    const page = await openThreeHoursAhead(eve, "/");
    const time = card(page, text).locator("time");
    await expect(time).toHaveText("just now");
    await expectTitleIn(time, timezoneId);
    await stop(page);
    await jump(page, -DAY);
    await page.clock.runFor(60 * SECOND);
    await expect(time).toHaveText("1 min ago");
    await jump(page, 2 * DAY);
    await page.clock.runFor(30 * SECOND);
    await expect(time).toHaveText(/^[12] min ago$/);
    await expectTitleIn(time, timezoneId);
  });
}

test("a toast stays for its time although the clock jumps", async ({ house, member }) => {
  const ana = await member("Ana");
  const page = await openThreeHoursAhead(ana, "/settings");
  await live(page);
  await stop(page);
  await house.notify(ana.handle, "Tea is ready", "info");
  await expect(toasts(page)).toHaveCount(1);
  await jump(page, -DAY);
  await page.clock.runFor(3 * SECOND);
  await expect(toasts(page)).toHaveCount(1);
  await jump(page, 3 * DAY);
  await page.clock.runFor(2 * SECOND);
  await expect(toasts(page)).toHaveCount(1);
  await page.clock.runFor(2 * SECOND);
  await expect(toasts(page)).toHaveCount(0);
});

test("a dead socket is noticed although the clock jumps back", async ({ member, house, lay }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const page = await openThreeHoursAhead(ana, "/settings");
  await live(page);
  await stop(page);
  let sockets = 0;
  page.on("websocket", () => (sockets += 1));
  cable.hang();
  await jump(page, -DAY);
  await expect(async () => {
    await page.clock.runFor(15 * SECOND);
    expect(sockets).toBe(1);
  }).toPass();
  await live(page);
  await house.notify(ana.handle, "Heard again", "info");
  await expect(toasts(page)).toContainText("Heard again");
});

test("what the page takes for the time is set right by the next frame that says it", async ({ member }) => {
  // Every socket hears it within 30 s.
  test.setTimeout(120_000);
  const ana = await member("Ana");
  const text = `Just now, ${ana.handle}`;
  await ana.api.post(text);
  const page = await openThreeHoursAhead(ana, "/");
  await live(page);
  const time = card(page, text).locator("time");
  await stop(page);
  // All clocks of the device go wrong, as they do around a sleep. It looks as if the socket had been silent.
  await page.clock.fastForward(5 * HOUR);
  await expect(async () => {
    await page.clock.runFor(SECOND);
    await expect(time).toHaveText(/^(just now|\d min ago)$/, { timeout: 200 });
  }).toPass();
});

test("the time until which nothing disturbs is in the reader's zone", async ({ member }) => {
  const timezoneId = "Australia/Lord_Howe";
  const ana = await member("Ana", { timezoneId });
  const page = await openThreeHoursAhead(ana, "/settings/notifications");
  await live(page);
  await page.getByRole("button", { name: "Until tomorrow, 8:00" }).click();
  const time = page.getByTestId("disturb").locator("time");
  await expect(time).toHaveText(/, 08:00$/);
  const { do_not_disturb_until: until } = await ana.api.preferences();
  await expect(time).toHaveText(inZone(new Date(Number(until)).toISOString(), timezoneId));
});
