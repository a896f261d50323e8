import { card, likeButton } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

const OFF = { javaScriptEnabled: false };
/** What Chromium says about the program that the page names and that it may not run. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];

test("everything works in HTML alone", async ({ stranger, member }) => {
  const ana = await stranger("Ana", OFF);
  const ben = await member("Ben");
  ana.watch.expect(...UNUSED);
  const page = await ana.context.newPage();
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Sign up" }).click();
  await page.getByLabel("Handle").fill(ana.handle);
  await page.getByLabel("Name (optional)").fill(ana.name);
  await page.getByLabel("Password").fill(ana.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page).toHaveURL("/");

  const text = `Plain HTML, ${ana.handle}`;
  await page.getByLabel("What is on your mind?").fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page).toHaveURL("/");
  await expect(card(page, text).getByTestId("likes")).toHaveText("0");

  await likeButton(card(page, text)).click();
  await expect(likeButton(card(page, text))).toHaveAttribute("aria-pressed", "true");
  await expect(card(page, text).getByTestId("likes")).toHaveText("1");
  await expect(card(page, text)).toBeInViewport();
  await likeButton(card(page, text)).click();
  await expect(likeButton(card(page, text))).toHaveAttribute("aria-pressed", "false");
  await expect(card(page, text).getByTestId("likes")).toHaveText("0");

  await ben.api.like((await card(page, text).getAttribute("data-post-id")) ?? "");
  await page.reload();
  await expect(page.getByTestId("badge")).toHaveText("1");
  await page.getByRole("link", { name: "Notifications, 1 unread" }).click();
  await expect(page.getByTestId("group")).toContainText("Ben likes your post");
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page).toHaveURL("/notifications");
  await expect(page.getByTestId("group")).toContainText("Ben likes your post");
  await expect(page.getByTestId("badge")).toHaveCount(0);

  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Ana of HTML");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("Ana of HTML");

  await page.getByRole("link", { name: "You", exact: true }).click();
  await card(page, text).getByRole("time").click();
  await page.getByRole("button", { name: "Delete post" }).click();
  await expect(page).toHaveURL("/");
  await expect(card(page, text)).toHaveCount(0);

  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" })).toBeVisible();
  await page.goto("/notifications");
  await expect(page).toHaveURL("/login?next=/notifications");
});

test("what is wrong with a form stands beside its fields, and no password in the address", async ({ stranger, member }) => {
  const taken = await member("Taken");
  const ana = await stranger("Ana", OFF);
  ana.watch.expect(...UNUSED);
  const page = await ana.context.newPage();
  await page.goto("/signup");
  await page.getByLabel("Handle").fill("1x");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByLabel("Handle")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Handle")).toHaveAccessibleDescription(/letter/);
  await expect(page.locator("#handle-error")).toBeVisible();
  await expect(page.locator("#password-error")).toBeVisible();
  expect(page.url()).not.toContain("short");

  await page.getByLabel("Handle").fill(taken.handle);
  await page.getByLabel("Password").fill("long enough");
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.locator("#handle-error")).toHaveText("Somebody has this handle already. Please choose another.");
  await expect(page.locator("#password-error")).toHaveCount(0);

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("Handle").fill(taken.handle);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toHaveText("That handle and password do not belong together.");
  expect(page.url()).not.toContain("password");
  await page.getByLabel("Handle").fill(taken.handle);
  await page.getByLabel("Password").fill(taken.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL("/");

  await page.getByLabel("What is on your mind?").fill("   ");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.locator("#composer-error")).toBeVisible();
  await expect(page.getByLabel("What is on your mind?")).toHaveAttribute("aria-invalid", "true");
});

test("a like on any page leads back to that page", async ({ member }) => {
  const ana = await member("Ana");
  const ben = await member("Ben", OFF);
  const id = await ana.api.post(`From everywhere, ${ana.handle}`);
  ben.watch.expect(...UNUSED);
  const page = await ben.context.newPage();
  for (const [turn, path] of [`/people/${ana.handle}`, `/posts/${id}`].entries()) {
    await page.goto(path);
    await page.getByRole("button", { name: "Like" }).click();
    await expect(page).toHaveURL(`${path}#post-${id}`);
    await expect(page.getByTestId("likes")).toHaveText(turn === 0 ? "1" : "0");
  }
});
