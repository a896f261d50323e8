import { House } from "./fixtures/house";
import { openWithClock, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test as base } from "./fixtures/test";

const test = base.extend<{ demo: House }>({
  demo: async ({}, use) => {
    const house = await House.openDemo();
    await use(house);
    await house.close();
  },
});

/** 400 % of 1280 × 1024. */
const ZOOMED = { viewport: { width: 320, height: 256 }, reducedMotion: "reduce" } as const;

test("at 400 % all toasts can be read and sent away", async ({ house, member }) => {
  const ana = await member("Ana", ZOOMED);
  const page = await openWithClock(ana);
  for (let n = 1; n <= 3; n++) await house.notify(ana.handle, `Number ${n}: ${"a long message of some program, ".repeat(5)}`, "warning");
  await expect(toasts(page)).toHaveCount(3);
  for (let n = 2; n >= 0; n--) {
    const toast = toasts(page).nth(n);
    await toast.scrollIntoViewIfNeeded();
    await expect(toast).toBeInViewport({ ratio: 0.95 });
    const dismiss = toast.getByRole("button", { name: "Dismiss" });
    await dismiss.scrollIntoViewIfNeeded();
    await expect(dismiss).toBeInViewport({ ratio: 1 });
  }
  for (let n = 2; n >= 0; n--) {
    await toasts(page).nth(n).getByRole("button", { name: "Dismiss" }).click();
    await expect(toasts(page)).toHaveCount(n);
  }
});

test("the wheel reaches toasts that do not fit", async ({ house, member }) => {
  const ana = await member("Ana", ZOOMED);
  const page = await openWithClock(ana);
  for (let n = 1; n <= 3; n++) await house.notify(ana.handle, `Number ${n}: ${"a long message of some program, ".repeat(5)}`, "warning");
  await expect(toasts(page)).toHaveCount(3);
  await toasts(page).first().hover();
  await expect(toasts(page).nth(2)).not.toBeInViewport();
  await page.mouse.wheel(0, 1_000);
  await expect(toasts(page).nth(2)).toBeInViewport({ ratio: 0.9 });
});

test("with two long names a toast still says what happened", async ({ member }) => {
  const ana = await member("Ana", ZOOMED);
  const likers: Person[] = [];
  for (const letter of ["W", "M"]) {
    const liker = await member(letter.repeat(49));
    likers.push(liker);
  }
  const page = await ana.open();
  const id = await ana.api.post("Who likes this?");
  for (const liker of likers) await liker.api.like(id);
  const words = toasts(page).locator(".toast-text");
  await expect(words).toHaveText(/^M+… and W+… like your post$/);
  const hidden = await words.evaluate((element) => element.scrollHeight - element.clientHeight);
  expect(hidden).toBeLessThanOrEqual(1);
});

test("a printed room has all that is loaded", async ({ member }) => {
  const ana = await member("Ana");
  const room = await ana.api.makeRoom({ title: "On paper" });
  for (let n = 1; n <= 40; n++) await ana.api.say(room, `number ${n};`);
  const page = await ana.open(`/rooms/${room}`);
  const first = page.getByTestId("said").first();
  await expect(first).not.toBeInViewport();
  await page.emulateMedia({ media: "print" });
  const cut = await page.evaluate(() => {
    const said = [...document.querySelectorAll("[data-testid=said]")];
    const clips = (box: Element) => getComputedStyle(box).overflowY !== "visible" && box !== document.documentElement;
    const outside = (part: Element) => {
      for (let box = part.parentElement; box; box = box.parentElement) {
        const [inner, outer] = [part.getBoundingClientRect(), box.getBoundingClientRect()];
        if (clips(box) && (inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1)) return true;
      }
      return part.getBoundingClientRect().height === 0;
    };
    return { all: said.length, cut: said.filter(outside).length };
  });
  expect(cut).toEqual({ all: 40, cut: 0 });
  await expect(page.getByLabel("Message", { exact: true })).toBeHidden();
});

for (const [width, height] of [[390, 844], [320, 568], [390, 420], [320, 300], [320, 256]] as const) {
  test(`on ${width} × ${height} a room's composer is on screen, also in a demo`, async ({ demo, member }) => {
    const ana = await member("Ana", { at: demo.quad.url, viewport: { width, height } });
    const room = await ana.api.makeRoom({ title: "A room with a long title, for a small phone" });
    for (let n = 1; n <= 40; n++) await ana.api.say(room, `number ${n};`);
    const page = await ana.open(`/rooms/${room}`);
    await expect(page.getByTestId("demo")).toBeAttached();
    for (const part of [page.getByLabel("Message", { exact: true }), page.getByRole("button", { name: "Send" })]) {
      await expect(part).toBeInViewport({ ratio: 1 });
    }
    await expect(page.getByTestId("said").filter({ hasText: "number 40;" })).toBeInViewport();
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
  });
}

test("with the keyboard of a phone open the composer stays on screen", async ({ demo, member }) => {
  const ana = await member("Ana", { at: demo.quad.url, viewport: { width: 390, height: 844 } });
  const room = await ana.api.makeRoom();
  const page = await ana.open(`/rooms/${room}`);
  await expect(page.locator("meta[name=viewport]")).toHaveAttribute("content", /interactive-widget=resizes-content/);
  const field = page.getByLabel("Message", { exact: true });
  await field.fill("Half of it");
  await page.setViewportSize({ width: 390, height: 480 });
  await expect(field).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("button", { name: "Send" })).toBeInViewport({ ratio: 1 });
  await expect(field).toBeFocused();
});

test("where a keyboard covers the page, the composer is above it", async ({ demo, member }) => {
  const ana = await member("Ana", { at: demo.quad.url, viewport: { width: 390, height: 844 } });
  const room = await ana.api.makeRoom();
  // A keyboard that makes only what is seen smaller, as in Safari.
  await ana.context.addInitScript(() => {
    const view = Object.assign(new EventTarget(), { height: 844, width: 390, scale: 1, offsetTop: 0 });
    Object.defineProperty(window, "visualViewport", { value: view });
  });
  const page = await ana.open(`/rooms/${room}`);
  const see = (height: number, scale: number) =>
    page.evaluate(([height, scale]) => {
      const view = window.visualViewport as VisualViewport;
      Object.assign(view, { height, scale });
      view.dispatchEvent(new Event("resize"));
    }, [height, scale]);
  const field = page.getByLabel("Message", { exact: true });
  const end = () => field.evaluate((field) => Math.ceil(field.getBoundingClientRect().bottom));
  await expect.poll(end).toBeGreaterThan(700);
  // The page loads what does this once it is awake.
  await expect(async () => {
    await see(480, 1);
    expect(await end()).toBeLessThanOrEqual(480);
  }).toPass();
  await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
  // Whoever zooms in has no keyboard open.
  await see(422, 2);
  expect(await end()).toBeGreaterThan(700);
  await see(480, 1);
  await see(844, 1);
  expect(await end()).toBeGreaterThan(700);
});

test("the status region has the newest alone", async ({ house, member }) => {
  const ana = await member("Ana");
  const page = await ana.open("/settings");
  const lines = page.getByTestId("announcer").getByRole("paragraph");
  for (const words of ["One", "Two", "Three"]) {
    await house.notify(ana.handle, words, "info");
    await expect(lines).toHaveText([words]);
  }
});

test("Enter that ends a composition sends nothing, in either order of events", async ({ member }) => {
  const ana = await member("Ana");
  const room = await ana.api.makeRoom();
  const page = await ana.open(`/rooms/${room}`);
  const field = page.getByLabel("Message", { exact: true });
  await field.fill("にほん");
  const press = (keyCode: number, isComposing: boolean) =>
    field.evaluate(
      (element, init) => element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init })),
      { keyCode, isComposing },
    );
  // Most browsers: the key belongs to the composition, and says so.
  expect(await press(229, true)).toBe(true);
  expect(await press(13, true)).toBe(true);
  // Safari: the composition has ended already.
  await field.dispatchEvent("compositionend");
  expect(await press(229, false)).toBe(true);
  await expect(field).toHaveValue("にほん");
  await expect(page.getByTestId("said")).toHaveCount(0);
  await field.press("Enter");
  await expect(page.getByTestId("said")).toHaveText([/にほん/]);
});
