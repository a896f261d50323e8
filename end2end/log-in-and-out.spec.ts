import type { Page } from "@playwright/test";
import { live } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** The browser's own line for a 401, which cannot be kept out of the console. */
const REFUSED = [/status of 401/, /answer 401/, /WebSocket connection .* failed/];

async function logIn(page: Page, handle: string, password: string): Promise<void> {
  await page.getByLabel("Handle").fill(handle);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

test("somebody logs out and in again", async ({ member }) => {
  const ana = await member("Ana");
  const page = await ana.open();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Post", exact: true })).toHaveCount(0);
  expect(await ana.context.cookies()).toEqual([]);

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" }).click();
  await logIn(page, `@${ana.handle.toUpperCase()}`, ana.password);
  await expect(page).toHaveURL("/");
  await live(page);
  await expect(page.getByRole("button", { name: "Post", exact: true })).toBeVisible();
  const [cookie] = await ana.context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
});

test("pages of one's own lead whoever is logged out to the log-in", async ({ stranger }) => {
  const eve = await stranger("Eve");
  for (const path of ["/notifications", "/settings"]) {
    const page = await eve.open(path);
    await expect(page).toHaveURL(`/login?next=${path}`);
    await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  }
});

test("whoever was led to the log-in goes on where they wanted to go, and never to another site", async ({ member }) => {
  const ana = await member("Ana");
  const page = await ana.open();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
  await page.goto("/settings");
  await logIn(page, ana.handle, ana.password);
  await expect(page).toHaveURL("/settings");
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
  await page.goto("/login?next=//example.org");
  await logIn(page, ana.handle, ana.password);
  await expect(page).toHaveURL("/");
});

test("logging out ends the session of the other tab, and that tab says so", async ({ member }) => {
  const ana = await member("Ana");
  const [one, other] = [await ana.open(), await ana.open("/settings")];
  ana.watch.expect(...REFUSED);
  await one.getByRole("button", { name: "Log out" }).click();
  await expect(other.getByTestId("connection")).toContainText("Your session has ended.");
  await expect(other.locator("html")).toHaveAttribute("data-live", "closed");
  await other.getByRole("link", { name: "Log in again" }).click();
  await expect(other).toHaveURL("/login");
});

test("logging out everywhere ends the sessions of all devices", async ({ member, stranger }) => {
  const ana = await member("Ana");
  const phone = await stranger("Phone");
  const there = await phone.open("/login");
  await logIn(there, ana.handle, ana.password);
  await live(there);

  const here = await ana.open("/settings");
  phone.watch.expect(...REFUSED);
  await here.getByRole("button", { name: "Log out everywhere" }).click();
  await expect(here).toHaveURL("/");
  await expect(here.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" })).toBeVisible();
  await expect(there.getByTestId("connection")).toContainText("Your session has ended.");
  await there.reload();
  await expect(there.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" })).toBeVisible();
});

test("somebody takes another name, and everybody sees it", async ({ member, stranger }) => {
  const ana = await member("Ana");
  await ana.api.post(`Who am I? ${ana.handle}`);
  const page = await ana.open("/settings");
  await page.getByRole("textbox", { name: "Name" }).fill("Ana María");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  const eves = await (await stranger("Eve")).open(`/people/${ana.handle}`);
  await expect(eves.getByRole("heading", { name: "Ana María", level: 1 })).toBeVisible();
  await expect(eves.getByRole("article", { name: "Post by Ana María" })).toBeVisible();
});

test("a new password ends the other devices' sessions and not one's own", async ({ member, stranger }) => {
  const ana = await member("Ana");
  const phone = await stranger("Phone");
  const there = await phone.open("/login");
  await logIn(there, ana.handle, ana.password);
  await live(there);

  const here = await ana.open("/settings");
  const form = here.getByRole("region", { name: "Your password" });
  ana.watch.expect(...REFUSED);
  await form.getByLabel("Current password").fill("something else");
  await form.getByLabel("New password").fill("a whole new password");
  await form.getByRole("button", { name: "Change password" }).click();
  await expect(form.getByLabel("Current password")).toHaveAccessibleDescription("This is not your current password.");
  await expect(form.getByLabel("Current password")).toBeFocused();

  phone.watch.expect(...REFUSED);
  await form.getByLabel("Current password").fill(ana.password);
  await form.getByLabel("New password").fill("a whole new password");
  await form.getByRole("button", { name: "Change password" }).click();
  await expect(form.getByText("Your password is changed.")).toBeVisible();
  await expect(form.getByLabel("New password")).toHaveValue("");
  await expect(there.getByTestId("connection")).toContainText("Your session has ended.");
  await live(here);

  await there.getByRole("link", { name: "Log in again" }).click();
  await logIn(there, ana.handle, ana.password);
  await expect(there.getByRole("alert")).toHaveText("That handle and password do not belong together.");
  await logIn(there, ana.handle, "a whole new password");
  await live(there);
});
