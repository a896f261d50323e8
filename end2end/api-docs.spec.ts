import type { Page } from "@playwright/test";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** The page, and whatever it asks of other hosts. */
async function open(person: Person): Promise<{ page: Page; elsewhere: string[] }> {
  const page = await person.context.newPage();
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${person.url}/`) && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  await page.goto("/api/docs");
  return { page, elsewhere };
}

function call(page: Page, id: string) {
  const call = page.locator(`#operations-${id}`);
  return {
    call,
    summary: call.locator(".opblock-summary-control"),
    execute: call.getByRole("button", { name: "Execute" }),
    status: call.locator(".live-responses-table .response .response-col_status"),
    body: call.locator(".live-responses-table .response .response-col_description"),
  };
}

test("a call is tried by keyboard, and nothing comes from elsewhere", async ({ stranger, member }) => {
  const ben = await member("Ben");
  const id = await ben.api.post("Read me by hand");
  const ana = await stranger("Ana");
  const { page, elsewhere } = await open(ana);
  await expect(page).toHaveTitle("API · Quad");
  const { summary, execute, status, body } = call(page, "posts-postsList");
  await summary.focus();
  await page.keyboard.press("Enter");
  await execute.focus();
  await page.keyboard.press("Enter");
  await expect(status).toHaveText("200");
  await expect(body).toContainText(id);
  expect(elsewhere).toEqual([]);
});

test("a token is used, and is forgotten with the page", async ({ stranger, member }) => {
  const ben = await member("Ben");
  const ana = await stranger("Ana");
  ana.watch.expect(/status of 401/, /answer 401/);
  const { page, elsewhere } = await open(ana);
  const { summary, execute, status, body } = call(page, "accounts-accountsMe");
  await page.getByRole("button", { name: "Authorize", exact: true }).click();
  const dialog = page.locator(".modal-ux");
  await dialog.getByRole("textbox", { name: "auth-bearer-value" }).first().fill(ben.api.cookie.value);
  await dialog.getByRole("button", { name: "Apply credentials" }).first().click();
  await dialog.getByRole("button", { name: "Close", exact: true }).first().click();
  await summary.click();
  await execute.click();
  await expect(status).toHaveText("200");
  await expect(body).toContainText(ben.handle);

  // The address names the call, so that it is open again.
  await page.reload();
  await execute.click();
  await expect(status).toContainText("401");
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
  expect(elsewhere).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`it is ${colorScheme} as the system says, and fits on a narrow screen`, async ({ stranger }) => {
    const ana = await stranger("Ana", { colorScheme, viewport: { width: 320, height: 640 } });
    const { page } = await open(ana);
    const { summary, execute } = call(page, "accounts-accountsSignUp");
    await summary.click();
    await expect(execute).toBeVisible();
    const looks = await page.evaluate(() => ({
      background: getComputedStyle(document.body).backgroundColor,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    expect(looks).toEqual({ background: colorScheme === "dark" ? "rgb(28, 32, 34)" : "rgb(250, 250, 250)", overflow: 0 });
  });
}
