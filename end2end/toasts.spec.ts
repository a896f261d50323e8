import { countAnnouncements, expectUnread, openWithClock, show, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** For how long a toast stays. Without a word for 75 s, the page would take the server for dead. */
const STAY_MS = 6_000;

async function manyPosts(person: Person, count: number): Promise<string[]> {
  const posts = [];
  for (let n = 1; n <= count; n++) posts.push(await person.api.post(`Number ${n} of ${person.handle}`));
  return posts;
}

test("at most three are seen, and the others take their turn", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const posts = await manyPosts(ana, 5);
  const page = await openWithClock(ana);
  for (const id of posts) await ben.api.like(id);
  await expectUnread(page, 5);
  const details = page.locator(".toast-detail");
  const told = (...numbers: number[]) => numbers.map((n) => `Number ${n} of ${ana.handle}`);
  await expect(details).toHaveText(told(1, 2, 3));
  await toasts(page).nth(1).getByRole("button", { name: "Dismiss" }).click();
  await expect(details).toHaveText(told(1, 3, 4));
  await page.mouse.move(0, 0);
  await page.clock.fastForward(STAY_MS + 100);
  await expect(details).toHaveText(told(5));
  await page.clock.fastForward(STAY_MS + 100);
  await expect(toasts(page)).toHaveCount(0);
  await expectUnread(page, 5);
});

test("time stands still under the pointer and while the focus is on a toast", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const page = await openWithClock(ana, "/settings");
  await ben.api.like(await ana.api.post("Hold it"));
  await expect(toasts(page)).toHaveCount(1);
  await page.clock.fastForward(STAY_MS / 2);
  await toasts(page).hover();
  await page.clock.fastForward(STAY_MS * 3);
  await expect(toasts(page)).toHaveCount(1);

  await page.keyboard.press("F8");
  await page.mouse.move(0, 0);
  await page.clock.fastForward(STAY_MS * 3);
  await expect(toasts(page)).toHaveCount(1);

  await page.keyboard.press("F8");
  await page.clock.fastForward(STAY_MS / 2 - 500);
  await expect(toasts(page)).toHaveCount(1);
  await page.clock.fastForward(1_000);
  await expect(toasts(page)).toHaveCount(0);
});

test("time stands still while nobody can see the tab", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const page = await openWithClock(ana);
  await show(page, false);
  await ben.api.like(await ana.api.post("Nobody looks"));
  await expect(toasts(page)).toHaveCount(1);
  await page.clock.fastForward(STAY_MS * 3);
  await expect(toasts(page)).toHaveCount(1);
  await show(page, true);
  await page.clock.fastForward(STAY_MS + 100);
  await expect(toasts(page)).toHaveCount(0);
});

test("the live region comes empty from the server and tells each toast once", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const posts = await manyPosts(ana, 4);
  const html = await (await ana.context.request.get("/settings")).text();
  const region = html.match(/<div[^>]*data-testid="announcer"[^>]*>(.*?)<\/div>/s);
  expect(region?.[0]).toContain('role="status"');
  expect(region?.[0]).toContain('aria-live="polite"');
  expect(region?.[1]?.replace(/<!.*?>/gs, "").trim()).toBe("");

  const page = await openWithClock(ana, "/settings");
  const read = await countAnnouncements(page);
  const lines = page.getByTestId("announcer").getByRole("paragraph").filter({ hasText: /./ });
  await expect(page.getByTestId("announcer")).toHaveText("");
  for (const id of posts) await ben.api.like(id);
  await expect(toasts(page)).toHaveCount(3);
  await expect(lines).toHaveCount(0);
  await page.clock.runFor(1_500);
  const told = (n: number) => `Ben likes your post: Number ${n} of ${ana.handle}`;
  await expect(lines).toHaveText([`3 notifications: ${told(1)}; ${told(2)}; ${told(3)}`]);
  await page.clock.fastForward(STAY_MS + 100);
  await expect(toasts(page)).toHaveCount(1);
  await page.clock.runFor(500);
  await expect(lines).toHaveText([told(4)]);
  await page.clock.fastForward(STAY_MS * 3);
  await expect(toasts(page)).toHaveCount(0);
  expect(await read()).toBe(2);
});

test("a toast that waits and is taken back is never shown", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const posts = await manyPosts(ana, 5);
  const page = await openWithClock(ana);
  for (const id of posts) await ben.api.like(id);
  await expectUnread(page, 5);
  await ben.api.unlike(posts[3] ?? "");
  await expectUnread(page, 4);
  await page.clock.fastForward(STAY_MS + 100);
  await expect(toasts(page)).toHaveCount(1);
  await expect(toasts(page)).toContainText(`Number 5 of ${ana.handle}`);
});

test("many at once end in one line that counts them", async ({ house, member }) => {
  test.setTimeout(90_000);
  const ana = await member("Ana");
  const page = await openWithClock(ana, "/settings");
  // Three are shown, a hundred wait, seventeen are only counted.
  await Promise.all(Array.from({ length: 120 }, (_, n) => house.notify(ana.handle, `Number ${n + 1}`, "info")));
  await expectUnread(page, 120);
  const rest = toasts(page).filter({ hasText: "And 17 more" });
  // The newest goes each time: the first two stay, and all that waited take their turn.
  for (let gone = 0; gone < 101; gone++) await page.keyboard.press("Escape");
  await expect(rest.getByRole("link")).toHaveAttribute("href", "/notifications");
});

test("nothing moves for whoever asked for that", async ({ member }) => {
  const ben = await member("Ben");
  for (const reducedMotion of ["reduce", "no-preference"] as const) {
    const ana = await member("Ana", { reducedMotion });
    const page = await ana.open("/settings");
    await ben.api.like(await ana.api.post("Calm"));
    await expect(toasts(page)).toHaveCount(1);
    const moves = await toasts(page).evaluate((toast) => getComputedStyle(toast).animationName !== "none");
    expect(moves, reducedMotion).toBe(reducedMotion === "no-preference");
  }
});
