import { card, likeButton, live, post, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** The browser's own line for an answer that is an error, which cannot be kept out of the console. */
const refused = (status: number) => [new RegExp(`status of ${status}`), new RegExp(`answer ${status}`)];

test("a wrong password and an unknown handle get the same answer", async ({ member, stranger }) => {
  const ana = await member("Ana");
  const eve = await stranger("Eve");
  eve.watch.expect(...refused(401));
  const page = await eve.open("/login");
  for (const handle of [ana.handle, eve.handle]) {
    await page.getByLabel("Handle").fill(handle);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toHaveText("That handle and password do not belong together.");
    await expect(alert).toBeFocused();
    await page.reload();
  }
});

test("a sign-up says what is wrong with which field", async ({ member, stranger }) => {
  const ana = await member("Ana");
  const eve = await stranger("Eve");
  eve.watch.expect(...refused(422), ...refused(409));
  const page = await eve.open("/signup");
  const [handle, password] = [page.getByLabel("Handle"), page.getByLabel("Password")];
  await handle.fill("1x");
  await password.fill("short");
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(handle).toHaveAttribute("aria-invalid", "true");
  await expect(handle).toBeFocused();
  await expect(page.locator("#handle-error")).toBeVisible();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("#password-error")).toBeVisible();

  await handle.fill(ana.handle);
  await password.fill(eve.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.locator("#handle-error")).toHaveText("Somebody has this handle already. Please choose another.");
  await expect(password).not.toHaveAttribute("aria-invalid");
  await handle.fill(eve.handle);
  await page.getByRole("button", { name: "Sign up" }).click();
  await live(page);
});

test("an empty post and one that is too long are refused, and nothing is lost", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(...refused(422));
  const page = await ana.open();
  const composer = page.getByLabel("What is on your mind?");
  const submit = page.getByRole("button", { name: "Post", exact: true });
  await composer.fill(" \n ");
  await submit.click();
  await expect(page.locator("#composer-error")).toBeVisible();
  await expect(composer).toBeFocused();

  const long = `${"x".repeat(2_000)} ${ana.handle}`;
  await composer.evaluate((element) => element.removeAttribute("maxlength"));
  await composer.fill(long);
  await submit.click();
  await expect(page.locator("#composer-error")).toContainText("2,000");
  await expect(composer).toHaveValue(long);

  const longest = `${ana.handle}${"é".repeat(2_000 - ana.handle.length)}`;
  await composer.fill(longest);
  await submit.click();
  await expect(card(page, longest)).toBeVisible();
  await expect(page.locator("#composer-error")).toHaveCount(0);
});

for (const [what, path, says] of [
  ["post", "/posts/0000000000.1", "This post does not exist, or it was deleted."],
  ["post id", "/posts/nonsense", "does not exist"],
  ["person", "/people/nobody_at_all", "There is nobody by that name."],
  ["page", "/no/such/page", "There is nothing here."],
] as const) {
  test(`an unknown ${what} gets a page that says so`, async ({ stranger }) => {
    const eve = await stranger("Eve");
    eve.watch.expect(...refused(404));
    const page = await eve.context.newPage();
    const response = await page.goto(path);
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
    await expect(page.getByRole("main")).toContainText(says);
    await expect(page.locator("html")).toHaveAttribute("data-live");
    await page.getByRole("link", { name: "Go to the feed" }).click();
    await expect(page).toHaveURL("/");
    await expect(page.getByRole("heading", { name: "Feed" })).toBeVisible();
  });
}

test("a like that fails is taken back on the page, which says so", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Try to like this, ${ana.handle}`);
  const page = await ben.open(`/posts/${id}`);
  const button = page.getByRole("button", { name: "Like" });
  ben.watch.expect(/set_like/, /ERR_FAILED/);
  let fail = () => {};
  const failing = new Promise<void>((resolve) => (fail = resolve));
  await page.route(/set_like/, async (route) => {
    await failing;
    await route.abort();
  });
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByTestId("likes")).toHaveText("1");
  fail();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByTestId("likes")).toHaveText("0");
  await expect(toasts(page)).toContainText("The like was not saved.");
  await expect(page.getByTestId("announcer")).toContainText("The like was not saved.");
  expect(await ana.api.likes(id)).toBe(0);

  await page.unroute(/set_like/);
  await button.click();
  await expect.poll(() => ana.api.likes(id)).toBe(1);
});

test("a session that ended meanwhile is said where it matters", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Too late, ${ana.handle}`);
  const page = await ben.open(`/posts/${id}`);
  ben.watch.expect(...refused(401), /WebSocket connection/);
  await ben.context.clearCookies();
  await page.getByRole("button", { name: "Like" }).click();
  await expect(toasts(page)).toContainText("Please log in first.");
  await expect(page.getByRole("button", { name: "Like" })).toHaveAttribute("aria-pressed", "false");
});

test("while the store is away pages say so, likes are refused, and all comes back by itself", async ({ ownHouse, member, stranger }) => {
  test.setTimeout(90_000);
  const url = ownHouse.quad.url;
  const [ana, ben, eve] = [await member("Ana", { at: url }), await member("Ben", { at: url }), await stranger("Eve", { at: url })];
  const text = `Before the storm, ${ana.handle}`;
  const anas = await ana.open();
  await post(anas, text);
  const bens = await ben.open();
  for (const person of [ana, ben, eve]) person.watch.expect(...refused(503), /WebSocket connection .* failed/);

  await ownHouse.redis.kill();
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(503);
  const page = await eve.context.newPage();
  expect((await page.goto("/"))?.status()).toBe(503);
  await expect(page.getByRole("heading", { name: "Back in a moment" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("Quad cannot reach its store just now.");

  await likeButton(card(bens, text)).click();
  await expect(toasts(bens)).toContainText("The like was not saved.", { timeout: 20_000 });
  await expect(likeButton(card(bens, text))).toHaveAttribute("aria-pressed", "false");

  await ownHouse.redis.start();
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
  await page.reload();
  await expect(card(page, text).getByTestId("likes")).toHaveText("0");
  await likeButton(card(bens, text)).click();
  await expect(toasts(anas)).toContainText("Ben likes your post", { timeout: 40_000 });
  await live(bens);
});

test("a store that hangs is not waited for without end", async ({ ownHouse, member, stranger }) => {
  test.setTimeout(90_000);
  const url = ownHouse.quad.url;
  const [ana, ben, eve] = [await member("Ana", { at: url }), await member("Ben", { at: url }), await stranger("Eve", { at: url })];
  const id = await ana.api.post(`Frozen, ${ana.handle}`);
  const anas = await ana.open();
  for (const person of [ana, ben, eve]) person.watch.expect(...refused(503), /WebSocket connection .* failed/);
  ownHouse.redis.pause();
  const page = await eve.context.newPage();
  expect((await page.goto("/"))?.status()).toBe(503);
  await expect(page.getByRole("heading", { name: "Back in a moment" })).toBeVisible();
  ownHouse.redis.resume();
  await expect.poll(async () => (await page.goto("/"))?.status(), { timeout: 20_000 }).toBe(200);
  await expect(page.locator(`[data-post-id="${id}"]`)).toBeVisible();
  await ben.api.like(id);
  await expect(toasts(anas)).toContainText("Ben likes your post", { timeout: 40_000 });
});
