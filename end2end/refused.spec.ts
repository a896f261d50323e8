import type { Page } from "@playwright/test";
import { card, live, post, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

const UNUSED = [/quad\.js csp$/, /preloaded/];

/** The browser takes no cookie: what answers want to set is dropped. */
async function refuseCookies(person: Person, page: Page): Promise<void> {
  await page.route(/\/fn\/(log_in|sign_up)/, async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    await person.context.clearCookies();
    const { "set-cookie": _, "content-encoding": __, "content-length": ___, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
}

async function logIn(page: Page, person: Person): Promise<void> {
  await page.getByLabel("Handle").fill(person.handle);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Log in" }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test(`a browser without cookies is told why nobody gets in, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ member, stranger }) => {
    const ana = await member("Ana");
    const eve = await stranger("Eve", { javaScriptEnabled });
    if (!javaScriptEnabled) eve.watch.expect(...UNUSED);
    const page = await eve.context.newPage();
    await refuseCookies(eve, page);
    await page.goto("/login?next=/settings");
    await logIn(page, ana);
    await expect(page).toHaveURL("/login?cookies=needed&next=/settings");
    await expect(page.getByTestId("cookies")).toContainText("Your browser keeps no cookie from this site.");
    // Once they are allowed, it goes on where it was to go.
    await page.unroute(/\/fn\/(log_in|sign_up)/);
    await logIn(page, ana);
    await expect(page).toHaveURL("/settings");
  });
}

test("a browser that says that it keeps no cookies is told before it tries", async ({ stranger }) => {
  const eve = await stranger("Eve");
  await eve.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "cookieEnabled", { get: () => false }));
  for (const path of ["/login", "/signup"]) {
    const page = await eve.open(path);
    await expect(page.getByTestId("cookies")).toBeVisible();
  }
});

test("what the address says beside the one code is not on the page", async ({ stranger }) => {
  const page = await (await stranger("Eve")).open("/login?cookies=Call%20us%20at%20555");
  await expect(page.getByTestId("cookies")).toHaveCount(0);
  await expect(page.getByText("555")).toHaveCount(0);
});

test("without storage, channels between tabs and locks all else works", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  await ana.context.addInitScript(() => {
    const refuse = () => {
      throw new DOMException("Refused", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage", "BroadcastChannel", "indexedDB"]) {
      Object.defineProperty(window, name, { get: refuse });
    }
    for (const name of ["locks", "serviceWorker"]) Object.defineProperty(Navigator.prototype, name, { get: refuse });
  });
  const room = await ana.api.makeRoom();
  const page = await ana.open();
  const text = `Without a memory, ${ana.handle}`;
  await post(page, text);
  await ben.api.like((await card(page, text).getAttribute("data-post-id")) ?? "");
  await expect(toasts(page)).toContainText("Ben likes your post");
  await page.goto(`/rooms/${room}`);
  await live(page);
  await page.getByLabel("Message", { exact: true }).fill("Still here");
  await page.getByLabel("Message", { exact: true }).press("Enter");
  await expect(page.getByTestId("said")).toHaveText([/Still here/]);
  await ana.context.grantPermissions(["notifications"]);
  await page.goto("/settings/notifications");
  await live(page);
  await expect(page.getByRole("heading", { name: "In this browser" })).toBeVisible();
  await page.getByRole("button", { name: "Turn on: While Quad is open in another tab" }).click();
  await expect(page.getByText("Your browser does not let this site remember that.")).toBeVisible();
  await page.goto("/");
  await live(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
});
