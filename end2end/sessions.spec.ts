import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { awake, live } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** The browser's own line for a 401, which cannot be kept out of the console. */
const REFUSED = [/status of 401/, /answer 401/, /WebSocket connection .* failed/];
/** What the browser says of scripts that it does not run. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];

/** Logs in with a browser of its own, and answers its page. */
async function logIn(person: Person, handle: string, password: string): Promise<Page> {
  const page = await person.context.newPage();
  await page.goto("/login");
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("button", { name: "Log out" })).toBeVisible();
  return page;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`${how} JavaScript, somebody sees their sessions and ends them`, async ({ member, stranger }) => {
    const options = javaScriptEnabled ? {} : { javaScriptEnabled };
    const ana = await member("Ana", options);
    const ready = async (page: Page) => (javaScriptEnabled ? live(page) : undefined);
    if (!javaScriptEnabled) ana.watch.expect(...UNUSED);
    const others = [];
    for (const name of ["Phone", "Tablet", "Laptop"]) {
      const device = await stranger(name);
      device.watch.expect(...REFUSED);
      others.push(await logIn(device, ana.handle, ana.password));
    }
    const [phone, tablet, laptop] = others;
    if (!phone || !tablet || !laptop) throw new Error("three devices logged in");
    await live(phone);

    const page = await ana.context.newPage();
    await page.goto("/settings");
    await ready(page);
    await page.getByRole("link", { name: "Your sessions" }).click();
    await expect(page).toHaveURL("/settings/sessions");
    await ready(page);
    const entries = page.getByTestId("session");
    await expect(entries).toHaveCount(4);
    await expect(entries.first()).toContainText("This one");
    await expect(entries.filter({ hasText: "This one" })).toHaveCount(1);
    await expect(entries.first().getByRole("button")).toHaveCount(0);
    for (const entry of await entries.all()) await expect(entry).toContainText("127.0.0.1");
    await expect(entries.nth(1)).toContainText(/^\S+( \S+)? on \S+/);

    // The list begins with the session that was used last: the laptop's.
    await entries.nth(1).getByRole("button", { name: "End the session" }).click();
    await expect(page).toHaveURL("/settings/sessions?ended=one");
    await expect(page.getByRole("status").filter({ hasText: "The session has ended." })).toBeVisible();
    await expect(entries).toHaveCount(3);
    await laptop.reload();
    await expect(laptop.getByRole("link", { name: "Sign up" }).first()).toBeVisible();

    await page.getByRole("button", { name: "End all other sessions" }).click();
    await expect(page).toHaveURL("/settings/sessions?ended=others");
    await expect(page.getByRole("status").filter({ hasText: "All other sessions have ended." })).toBeVisible();
    await expect(entries).toHaveCount(1);
    await expect(page.getByRole("button", { name: "End all other sessions" })).toHaveCount(0);
    await expect(phone.getByTestId("connection")).toContainText("Your session has ended.");
    await tablet.reload();
    await expect(tablet.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
    await page.goto("/settings");
    await expect(page).toHaveURL("/settings");
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the page of sessions, ${colorScheme}`, async ({ member, stranger }) => {
    const ana = await member("Ana", { colorScheme, reducedMotion: "reduce", viewport: { width: 320, height: 640 } });
    await logIn(await stranger("Phone"), ana.handle, ana.password);
    for (const path of ["/settings/sessions", "/settings/sessions?ended=one"]) {
      const page = await ana.open(path);
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
      const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(scroll).toBeLessThanOrEqual(client ?? 0);
    }
  });
}

test("whoever is logged out is led to the log-in and back", async ({ member, stranger }) => {
  const [ana, eve] = [await member("Ana"), await stranger("Eve")];
  const page = await eve.open("/settings/sessions");
  await awake(page);
  await expect(page).toHaveURL("/login?next=/settings/sessions");
  await page.getByLabel("Handle").fill(ana.handle);
  await page.getByLabel("Password").fill(ana.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL("/settings/sessions");
});
