import { randomBytes } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import { Api } from "./fixtures/api";
import { countAnnouncements, countAppearances, expectUnread, live, openWithClock, show, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** What a browser says by itself while there is no way to the server. */
const NO_WAY = [/WebSocket connection .* failed/, /ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/];

/** People without a browser. */
async function crowd(person: Person, count: number): Promise<Api[]> {
  const sign = (name: string) => Api.signUp(person.url, { handle: `f_${randomBytes(8).toString("hex")}`, name, password: person.password });
  return Promise.all(Array.from({ length: count }, (_, n) => sign(`Fan ${n + 1}`)));
}

test("twenty likes at once are one toast, and are read once", async ({ member }) => {
  const ana = await member("Ana");
  const fans = await crowd(ana, 20);
  const id = await ana.api.post(`Viral, ${ana.handle}`);
  const page = await openWithClock(ana, "/settings");
  const appeared = await countAppearances(page, "[data-testid=toast]");
  const read = await countAnnouncements(page);
  await Promise.all(fans.map((fan) => fan.like(id)));
  await expect(toasts(page)).toContainText(/Fan \d+ and 19 others like your post/);
  await expectUnread(page, 1);
  expect(await read()).toBe(0);
  await page.clock.runFor(1_500);
  await expect(page.getByTestId("announcer")).toHaveText(`20 people like your post: Viral, ${ana.handle}`);
  await expect.poll(async () => {
    await page.clock.runFor(100);
    return ana.api.ledger();
  }).toEqual({ pending: 0, shown: 0, grouped: 20, caught_up: 0 });
  expect(await read()).toBe(1);
  expect(await appeared()).toBe(1);
});

test("a toast that is joined by another like keeps its place and the focus, and stays longer", async ({ member }) => {
  const [ana, ben, cem] = [await member("Ana"), await member("Ben"), await member("Cem")];
  const id = await ana.api.post(`Join in, ${ana.handle}`);
  const page = await openWithClock(ana, "/settings");
  await ben.api.like(id);
  await expect(toasts(page)).toContainText("Ben likes your post");
  await page.clock.runFor(1_000);
  await expect(page.getByTestId("announcer")).toHaveText(`Ben likes your post: Join in, ${ana.handle}`);
  await page.keyboard.press("F8");
  await page.keyboard.press("Tab");
  const link = toasts(page).getByRole("link");
  await expect(link).toBeFocused();
  await cem.api.like(id);
  await expect(link).toContainText("Cem and Ben like your post");
  await expect(link).toBeFocused();
  await page.clock.runFor(1_000);
  await expect(page.getByTestId("announcer")).toContainText(`2 people like your post: Join in, ${ana.handle}`);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1, grouped: 1 });

  await page.keyboard.press("F8");
  await page.clock.runFor(5_500);
  await expect(toasts(page)).toHaveCount(1);
  await cem.api.unlike(id);
  await expect(toasts(page)).toContainText("Ben likes your post");
  await page.clock.runFor(1_000);
  await expect(toasts(page)).toHaveCount(0);
});

test("whoever was offline gets one line about it", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const [ben, cem] = [await member("Ben"), await member("Cem")];
  const [one, two] = [await ana.api.post(`One, ${ana.handle}`), await ana.api.post(`Two, ${ana.handle}`)];
  const page = await ana.open();
  const appeared = await countAppearances(page, "[data-testid=toast]");
  ana.watch.expect(...NO_WAY);
  cable.cut();
  await expect(page.locator("html")).toHaveAttribute("data-live", "connecting");
  for (const id of [one, two]) await ben.api.like(id);
  await cem.api.like(one);
  await cem.api.like(two);
  await cem.api.unlike(two);
  await house.notify(ana.handle, "The canteen is open.", "info");
  cable.mend();
  await live(page);
  await expect(toasts(page)).toHaveText("While you were away: 3 likes from 2 people and 1 message");
  await expect(toasts(page).getByRole("link")).toHaveAttribute("href", "/notifications");
  await expectUnread(page, 3);
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 0, caught_up: 4 });
  expect(await appeared()).toBe(1);

  // And live goes on.
  await cem.api.like(two);
  await expect(toasts(page)).toHaveCount(2);
});

test("what came and went during an absence is not mentioned", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const [ben, cem] = [await member("Ben"), await member("Cem")];
  const id = await ana.api.post(`Nothing happened, ${ana.handle}`);
  const page = await ana.open();
  const appeared = await countAppearances(page, "[data-testid=toast]");
  ana.watch.expect(...NO_WAY);
  cable.cut();
  await expect(page.locator("html")).toHaveAttribute("data-live", "connecting");
  for (const fan of [ben, cem]) await fan.api.like(id);
  for (const fan of [ben, cem]) await fan.api.unlike(id);
  cable.mend();
  await live(page);
  // What comes next is shown after whatever the absence would have brought.
  await ben.api.like(await ana.api.post(`Something happened, ${ana.handle}`));
  await expect(toasts(page)).toContainText(`Something happened, ${ana.handle}`);
  await expectUnread(page, 1);
  expect(await appeared()).toBe(1);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`a program's warning looks and sounds like one, ${colorScheme}`, async ({ house, member }) => {
    const ana = await member("Ana", { colorScheme, reducedMotion: "reduce" });
    const page = await ana.open("/settings");
    await house.notify(ana.handle, "The disk is nearly full.", "warning");
    await expect(toasts(page)).toHaveClass(/toast-warning/);
    await expect(toasts(page)).toHaveText("Warning: The disk is nearly full.");
    await expect(page.getByTestId("announcer")).toHaveText("Warning: The disk is nearly full.");
    await toasts(page).getByRole("button", { name: "Dismiss" }).click();
    await house.notify(ana.handle, "word ".repeat(390), "error");
    await expect(toasts(page)).toContainText("Error: word");
    await expect(toasts(page)).toBeInViewport({ ratio: 1 });
    expect((await toasts(page).boundingBox())?.height, "a long text is cut").toBeLessThan(160);
    const { violations } = await new AxeBuilder({ page }).include(".toasts").analyze();
    expect(violations.map(({ id }) => id)).toEqual([]);
    await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 2 });
  });
}

test("while nobody can see the tab, the system shows it where that is wanted", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  await ana.context.grantPermissions(["notifications"]);
  await ana.context.addInitScript(() => {
    if (location.protocol === "about:") return;
    localStorage.setItem("quad-system-notifications", "on");
    const shown: string[] = [];
    const Real = window.Notification;
    window.Notification = class extends Real {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options);
        shown.push(`${title}, ${options?.tag}: ${options?.body}`);
      }
    };
    Object.assign(window, { shown });
  });
  const page = await ana.open("/settings");
  expect(await page.evaluate(() => Notification.permission)).toBe("granted");
  await show(page, false);
  const text = `Behind your back, ${ana.handle}`;
  await ben.api.like(await ana.api.post(text));
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
  await expect.poll(shown).toEqual([expect.stringMatching(new RegExp(`^Quad, like\\.\\d+: Ben likes your post: ${text}$`))]);
  await expect(page.getByTestId("announcer")).toHaveText("");
  await expect.poll(() => ana.api.ledger()).toMatchObject({ pending: 0, shown: 1 });
});
