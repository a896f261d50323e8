import { card, likeButton } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

test("pages and forms work when the program of the page does not arrive", async ({ stranger, member }) => {
  const ana = await stranger("Ana");
  const ben = await member("Ben");
  ana.watch.expect(/\.wasm/, /WebAssembly|Failed to fetch/);
  await ana.context.route(/\.wasm$/, (route) => route.abort());
  const page = await ana.context.newPage();
  await page.goto("/signup");
  await page.getByLabel("Handle").fill(ana.handle);
  await page.getByLabel("Name (optional)").fill(ana.name);
  await page.getByLabel("Password").fill(ana.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page).toHaveURL("/");
  await expect(page.locator("html")).not.toHaveAttribute("data-live");

  const text = `Without the program, ${ana.handle}`;
  await page.getByLabel("What is on your mind?").fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(card(page, text)).toBeVisible();
  await likeButton(card(page, text)).click();
  await expect(card(page, text).getByTestId("likes")).toHaveText("1");

  await ben.api.like((await card(page, text).getAttribute("data-post-id")) ?? "");
  await page.getByRole("link", { name: "Feed", exact: true }).click();
  await expect(page.getByTestId("badge")).toHaveText("1");
  await page.getByRole("link", { name: "Notifications, 1 unread" }).click();
  await expect(page.getByTestId("group")).toContainText("Ben likes your post");
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page.getByTestId("badge")).toHaveCount(0);
  await page.getByRole("button", { name: "Mark as unread" }).click();
  await expect(page.getByTestId("badge")).toHaveText("1");
  await page.getByRole("button", { name: "Mark as read" }).click();
  await expect(page.getByTestId("badge")).toHaveCount(0);
  await page.getByRole("button", { name: "Mute this post" }).click();
  await expect(page.getByRole("button", { name: "Unmute this post" })).toBeVisible();
  await page.getByRole("link", { name: "Notification settings" }).click();
  await expect(page.getByText(text)).toBeVisible();

  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Log in" })).toBeVisible();
});
