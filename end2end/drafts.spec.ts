import type { Page } from "@playwright/test";
import { card, live } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

const OFF = { javaScriptEnabled: false };
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/, /preloaded/];
/** What a browser says by itself while there is no way to the server. */
const NO_WAY = [/WebSocket connection .* failed/, /ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/];

const composer = (page: Page) => page.getByLabel("What is on your mind?");
const message = (page: Page) => page.getByLabel("Message", { exact: true });
const kept = (page: Page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("quad-draft:")).length);
/** All that is left in the browser of what anybody wrote. */
const traces = (page: Page) => page.evaluate(() => [localStorage, sessionStorage].flatMap((storage) => Object.keys(storage)).filter((key) => /^quad-(draft|unsent):/.test(key)));

test("a lost answer and a second press make one post", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(/create_post/, /ERR_FAILED/);
  const page = await ana.open();
  const text = `Once, ${ana.handle}`;
  await page.route(/create_post/, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("The server cannot be reached.");
  await page.unroute(/create_post/);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(composer(page)).toHaveValue("");
  await expect(card(page, text)).toHaveCount(1);
  expect(await ana.api.posted(text)).toEqual([0]);
  // The next one is another post, also where it says the same.
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(card(page, text)).toHaveCount(2);
});

test("a post whose answer was lost is not made again after a reload", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(/create_post/, /ERR_FAILED/);
  const page = await ana.open();
  const text = `Once and reloaded, ${ana.handle}`;
  await page.route(/create_post/, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await composer(page).fill(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.unroute(/create_post/);
  await page.reload();
  await live(page);
  await expect(composer(page)).toHaveValue(text);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(composer(page)).toHaveValue("");
  await expect.poll(() => ana.api.posted(text)).toEqual([0]);
});

test("what was changed after a lost answer is not taken for the first", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(/create_post/, /ERR_FAILED/, /status of 422/);
  const page = await ana.open();
  await page.route(/create_post/, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await composer(page).fill(`First, ${ana.handle}`);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.unroute(/create_post/);
  await composer(page).fill(`Second, ${ana.handle}`);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("This was posted already");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(card(page, `Second, ${ana.handle}`)).toBeVisible();
  expect(await ana.api.posted(`First, ${ana.handle}`)).toEqual([0]);
  expect(await ana.api.posted(`Second, ${ana.handle}`)).toEqual([0]);
});

test("without JavaScript a form that is sent twice makes one post", async ({ member }) => {
  const ana = await member("Ana", OFF);
  ana.watch.expect(...UNUSED);
  const page = await ana.context.newPage();
  await page.goto("/");
  const text = `Twice pressed, ${ana.handle}`;
  const key = await page.locator(".composer input[name=key]").inputValue();
  for (let n = 0; n < 2; n++) {
    const headers = { origin: ana.url, accept: "text/html", referer: `${ana.url}/` };
    const answer = await page.request.post("/fn/create_post", { form: { text, key }, headers });
    expect(answer.status()).toBe(200);
  }
  expect(await ana.api.posted(text)).toEqual([0]);
  await page.reload();
  expect(await page.locator(".composer input[name=key]").inputValue()).not.toBe(key);
});

test("drafts survive leaving, Back, reload and an ended session, and are their writer's alone", async ({ member }) => {
  test.setTimeout(120_000);
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  ana.watch.expect(/status of 401/, /answer 401/, /WebSocket connection/);
  const room = await ana.api.makeRoom();
  const [post, line] = [`A post to be, ${ana.handle}`, "A line to be\nand one more"];
  const page = await ana.open();
  await composer(page).fill(post);
  await page.getByRole("link", { name: "Rooms", exact: true }).click();
  await page.locator(`[data-room="${room}"]`).first().getByRole("link").click();
  await message(page).fill(line);
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await page.goBack();
  await expect(message(page)).toHaveValue(line);
  await page.reload();
  await live(page);
  await expect(message(page)).toHaveValue(line);
  await page.goto("/");
  await expect(composer(page)).toHaveValue(post);

  await ana.context.clearCookies();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.goto("/login");
  await page.getByLabel("Handle").fill(ana.handle);
  await page.getByLabel("Password").fill(ana.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await live(page);
  await expect(composer(page)).toHaveValue(post);

  // What is sent is no draft any more.
  await expect(composer(page)).toHaveValue(post);
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(card(page, post)).toBeVisible();
  await page.goto(`/rooms/${room}`);
  await live(page);
  await expect(message(page)).toHaveValue(line);
  await message(page).press("Enter");
  await expect(page.getByTestId("said")).toHaveCount(1);
  await page.reload();
  await live(page);
  await expect(message(page)).toHaveValue("");
  expect(await kept(page)).toBe(0);

  // Another person at the same browser sees nothing of it, and finds nothing of it in the browser.
  await message(page).fill("Of Ana alone");
  await page.evaluate((id) => sessionStorage.setItem(`quad-unsent:${id}:room:x`, "[]"), "0abcdefg");
  expect(await kept(page)).toBe(1);
  await ana.context.clearCookies();
  await ana.context.addCookies([ben.api.cookie]);
  await page.goto("/");
  await live(page);
  await expect(composer(page)).toHaveValue("");
  await expect.poll(() => traces(page)).toEqual([]);
  await composer(page).fill("Of Ben");
  await page.reload();
  await live(page);
  await expect(composer(page)).toHaveValue("Of Ben");
});

/** How a page can be that somebody logs out with. */
const ASLEEP = {
  "never woke": async (page: Page) => {
    await page.route(/quad\.wasm$/, (route) => route.abort());
    await page.reload();
    await expect(page.locator("html")).not.toHaveAttribute("data-live");
  },
  "died": async (page: Page) => {
    await page.evaluate("quadDied()");
    await expect(page.locator("html")).toHaveAttribute("data-asleep");
  },
  "is awake": async () => {},
};

for (const [how, lull] of Object.entries(ASLEEP)) {
  test(`whoever logs out with a page that ${how} leaves nothing that they wrote`, async ({ member }) => {
    const ana = await member("Ana");
    ana.watch.expect(/\.wasm/, /WebAssembly|Failed to fetch/);
    const page = await ana.open();
    await composer(page).fill("A secret");
    await expect.poll(() => kept(page)).toBe(1);
    await lull(page);
    await page.getByRole("button", { name: "Log out" }).click();
    await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
    await page.unroute(/quad\.wasm$/);
    await page.goto("/login");
    await expect(page.locator("html")).toHaveAttribute("data-live");
    await expect.poll(() => traces(page)).toEqual([]);
    // Whoever logs in writes as ever, and keeps what they wrote when a session ends by itself.
    await page.getByLabel("Handle").fill(ana.handle);
    await page.getByLabel("Password").fill(ana.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await live(page);
    await composer(page).fill("Another one");
    await ana.context.clearCookies({ name: "quad" });
    await page.goto("/login");
    await expect(page.locator("html")).toHaveAttribute("data-live");
    expect(await kept(page)).toBe(1);
  });
}

test("an announcement is kept until it is announced, and a lost answer announces it once", async ({ ownHouse: house, member }) => {
  const ana = await member("Ana", { at: house.quad.url });
  ana.watch.expect(/\/announce/, /ERR_FAILED/, /status of 422/);
  await house.promote(ana.handle);
  const page = await ana.open("/announcements");
  const field = page.getByLabel("Tell everybody");
  const announce = page.getByRole("button", { name: "Announce" });
  const text = `The lift is out of order, ${ana.handle}`;
  await field.fill(text);
  await page.getByRole("link", { name: "Feed", exact: true }).click();
  await page.goBack();
  await expect(field).toHaveValue(text);
  await page.route(/fn\/announce/, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await announce.click();
  await expect(page.getByRole("alert")).toContainText("The server cannot be reached.");
  await expect(field).toHaveValue(text);
  await page.unroute(/fn\/announce/);
  await page.reload();
  await live(page);
  await expect(field).toHaveValue(text);
  await announce.click();
  await expect(page.getByText("Announced.")).toBeVisible();
  await expect(field).toHaveValue("");
  await expect(page.getByTestId("announcement")).toHaveCount(1);
  await page.reload();
  await live(page);
  await expect(page.getByTestId("announcement")).toHaveCount(1);
  await expect(field).toHaveValue("");
  // The next one is another one, also where it says the same.
  await field.fill(text);
  await announce.click();
  await expect(page.getByTestId("announcement")).toHaveCount(2);
});

test("drafts are bounded, and logging out forgets them", async ({ member }) => {
  const ana = await member("Ana");
  const page = await ana.open();
  await page.evaluate(() => {
    for (let n = 0; n < 40; n++) {
      localStorage.setItem(`quad-draft:0abcdef${n}:feed`, JSON.stringify({ text: "old", id: "", at: n }));
    }
  });
  await composer(page).fill("One more");
  await expect.poll(() => kept(page)).toBe(20);
  await composer(page).fill("x".repeat(70_000));
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }).length)).toBeLessThan(10_000);
  await composer(page).fill("Mine");
  const mine = () => page.evaluate(() => Object.values(localStorage).filter((text) => String(text).includes("Mine")).length);
  expect(await mine()).toBe(1);
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("link", { name: "Sign up" }).first()).toBeVisible();
  expect(await mine()).toBe(0);
});

test("what was on its way in a room when the page was left is said once", async ({ member, house, lay }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  ana.watch.expect(...NO_WAY);
  const room = await ana.api.makeRoom();
  const page = await ana.open(`/rooms/${room}`);
  cable.cut();
  await message(page).fill("Not lost");
  await message(page).press("Enter");
  await expect(page.getByText("Sending…")).toBeVisible();
  cable.mend();
  await page.goto("/settings");
  await page.goto(`/rooms/${room}`);
  await live(page);
  await expect(page.getByTestId("said")).toHaveText([/Not lost/]);
  await expect(page.getByText("Sending…")).toHaveCount(0);
  await page.reload();
  await live(page);
  await expect(page.getByTestId("said")).toHaveText([/Not lost/]);
  expect(await ana.api.said(room)).toEqual(["Not lost"]);
});
