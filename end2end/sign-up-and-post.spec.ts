import { awake, card, live, post } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

test("somebody new signs up, posts, and finds the post everywhere it belongs", async ({ stranger }) => {
  const ana = await stranger("Ana");
  const page = await ana.open();
  await expect(page.getByRole("heading", { name: "Say it. See it land." })).toBeVisible();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Sign up" }).click();
  await expect(page).toHaveTitle("Sign up · Quad");
  await page.getByLabel("Handle").fill(ana.handle);
  await page.getByLabel("Name (optional)").fill(ana.name);
  await page.getByLabel("Password").fill(ana.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page).toHaveURL("/");
  await live(page);

  const text = `First!\nA second line of ${ana.handle} <b>not bold</b>`;
  await page.getByLabel("What is on your mind?").fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  const first = page.getByRole("article").first();
  await expect(first).toContainText(`A second line of ${ana.handle} <b>not bold</b>`);
  await expect(first.getByTestId("likes")).toHaveText("0");
  await expect(first.getByRole("time")).toHaveText("just now");
  const composer = page.getByLabel("What is on your mind?");
  await expect(composer).toHaveValue("");
  await expect(composer).toBeFocused();

  await first.getByRole("time").click();
  await expect(page).toHaveTitle("Post by Ana · Quad");
  await expect(page.getByRole("heading", { name: "Liked by" })).toBeVisible();
  await expect(page.getByText("Nobody yet.")).toBeVisible();
  await page.getByRole("article").getByRole("link", { name: `Ana @${ana.handle}` }).click();
  await expect(page.getByRole("heading", { name: "Ana", level: 1 })).toBeVisible();
  await expect(card(page, ana.handle)).toHaveCount(1);
});

test("a handle is enough: the name is the handle until one is given", async ({ stranger }) => {
  const ben = await stranger("Ben");
  const page = await ben.open("/signup");
  await page.getByLabel("Handle").fill(ben.handle);
  await page.getByLabel("Password").fill(ben.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await live(page);
  await page.getByRole("link", { name: "You", exact: true }).click();
  await expect(page.getByRole("heading", { name: ben.handle, level: 1 })).toBeVisible();
});

test("an author deletes a post, and whoever looks at it sees it go", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const page = await ana.open();
  const text = `Soon gone, says ${ana.handle}`;
  await post(page, text);
  const bens = await ben.open();
  const seen = card(bens, text);
  await expect(seen).toBeVisible();
  const id = await seen.getAttribute("data-post-id");
  const bensOwnView = await ben.open(`/posts/${id}`);
  await expect(bensOwnView.getByRole("button", { name: "Delete post" })).toHaveCount(0);

  await card(page, text).getByRole("time").click();
  await page.getByRole("button", { name: "Delete post" }).click();
  await expect(page).toHaveURL("/");
  await expect(page.getByTestId("toast")).toContainText("Your post is deleted.");
  await expect(card(page, text)).toHaveCount(0);
  await expect(bens.locator(`[data-post-id="${id}"]`)).toContainText("This post was deleted.");
  await expect(bensOwnView.getByRole("article")).toContainText("This post was deleted.");
});

test("the feed leads to older posts and back", async ({ member, stranger }) => {
  const ana = await member("Ana");
  const posts = [];
  for (let n = 1; n <= 20; n++) posts.push(await ana.api.post(`Number ${n} of ${ana.handle}`));
  const ben = await member("Ben");
  await ben.api.post(`The newest, by ${ben.handle}`);
  const page = await (await stranger("Eve")).open();
  await expect(page.getByRole("article")).toHaveCount(20);
  await expect(page.getByRole("article").first()).toContainText(`The newest, by ${ben.handle}`);
  await page.getByRole("link", { name: "Older posts" }).click();
  await expect(page.getByRole("heading", { name: "Older posts" })).toBeVisible();
  await expect(page.getByRole("article").first()).toContainText(`Number 1 of ${ana.handle}`);
  await page.getByRole("link", { name: "Newest posts" }).click();
  await expect(page.getByRole("article").first()).toContainText(`The newest, by ${ben.handle}`);
  await page.goBack();
  await expect(page.getByRole("article").first()).toContainText(`Number 1 of ${ana.handle}`);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("article").first()).toContainText(`Number 1 of ${ana.handle}`);
});
