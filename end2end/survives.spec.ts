import type { Page } from "@playwright/test";
import { CHANGES, openChanged } from "./fixtures/others";
import { card, expectUnread, likeButton, live, openWithClock, post, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** The one line that a dying program leaves. */
const PANIC = [/panicked at/, /RuntimeError/, /page error: unreachable/, /WebSocket connection .* failed/];

/** Links and forms do what they are there for, whether the page is awake or not. */
async function expectToWork(page: Page, person: Person, text: string): Promise<void> {
  await page.getByLabel("What is on your mind?").fill(text);
  await page.getByRole("button", { name: /Post/ }).click();
  await expect(card(page, text)).toBeVisible();
  await likeButton(card(page, text)).click();
  await expect.poll(() => person.api.posted(text)).toEqual([1]);
  const nav = page.getByRole("navigation", { name: /Main/ });
  await nav.getByRole("link", { name: /Rooms/ }).click();
  await expect(page).toHaveURL("/rooms");
  await expect(page.getByRole("heading", { name: /^.?Rooms/, level: 1 })).toBeVisible();
  await nav.getByRole("link", { name: /Feed/ }).click();
  await expect(page).toHaveURL("/");
  await expect(card(page, text)).toBeVisible();
}

for (const [name, change] of Object.entries(CHANGES)) {
  test(`${name}, before the page wakes, does it no harm`, async ({ member }) => {
    const ana = await member("Ana");
    await ana.api.post(`1 of ${ana.handle}`);
    const page = await ana.context.newPage();
    await openChanged(page, "/", change);
    await live(page);
    await expectToWork(page, ana, `After ${name.replaceAll(/\d/g, "")}, ${ana.handle}`);
  });
}

test("all of that at once, after the page has woken, does it no harm", async ({ member }) => {
  const ana = await member("Ana");
  await ana.api.post(`1 of ${ana.handle}`);
  const page = await ana.open();
  for (const change of Object.values(CHANGES)) await page.evaluate(change);
  await expectToWork(page, ana, `After all, ${ana.handle}`);
});

for (const [what, from, to] of [
  ["an element first in the body", /<body>/, '<body><div class="foreign">Hello</div>'],
  ["an element after each field", /(<input[^>]*>|<\/textarea>)/g, '$1<div class="foreign"></div>'],
  ["a number that is a link for a phone", />(\d+)</g, '><a href="tel:$1">$1</a><'],
  ["a translated text", />(Feed|Post|Rooms|Like)</g, "><font><font>$1</font></font><"],
] as const) {
  test(`a page that comes with ${what} works`, async ({ member }) => {
    const ana = await member("Ana");
    ana.watch.expect(...PANIC);
    await ana.api.post(`1 of ${ana.handle}`);
    const page = await ana.context.newPage();
    await page.route(/\/$/, async (route) => {
      if (route.request().resourceType() !== "document") return route.fallback();
      const response = await route.fetch({ maxRedirects: 0 });
      const changed = (await response.text()).replace(from, to);
      await route.fulfill({ response, body: changed });
    });
    await page.goto("/");
    await expect(page.locator("html:is([data-live], [data-asleep])")).toBeAttached();
    await expectToWork(page, ana, `In spite of it, ${ana.handle}`);
  });
}

/** Ways for the program to die. What is thrown in the page itself stands for a panic that no hook tells of. */
const DEATHS = {
  "a panic that somebody catches": async () => {
    document.body.prepend("a text where an element is expected");
    await import("/pkg/quad.js" as string).then((client) => client.hydrate()).catch(() => {});
    document.body.firstChild?.remove();
  },
  "an error that nobody catches": () => {
    setTimeout(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
  },
  "a promise that nobody looks at": () => {
    void Promise.reject(new WebAssembly.RuntimeError("unreachable"));
  },
};

for (const [what, die] of Object.entries(DEATHS)) {
  test(`after ${what}, at any time, the page works as it does without JavaScript`, async ({ member }) => {
    const [ana, ben] = [await member("Ana"), await member("Ben")];
    ana.watch.expect(...PANIC);
    const id = await ana.api.post(`Before, ${ana.handle}`);
    const page = await ana.open("/settings");
    await page.getByRole("link", { name: "Feed", exact: true }).click();
    await expect(card(page, `Before, ${ana.handle}`)).toBeVisible();
    await ben.api.like(id);
    await expect(toasts(page)).toHaveCount(1);
    await page.getByRole("button", { name: "Post", exact: true }).evaluate((button: HTMLButtonElement) => (button.disabled = true));

    await page.evaluate(die);
    await expect(page.locator("html")).toHaveAttribute("data-asleep");
    await expect(page.locator("html")).not.toHaveAttribute("data-live");
    await expect(page.getByRole("button", { name: "Post", exact: true })).toBeEnabled();
    await expect(toasts(page)).toHaveCount(0);
    // What still runs of it shows nothing any more.
    await ben.api.unlike(id);
    await ben.api.like(id);
    await ben.api.like(await ana.api.post(`Meanwhile, ${ana.handle}`));
    await expect.poll(() => ana.api.unread()).toBe(2);
    await expect(toasts(page)).toHaveCount(0);
    await expect(page.getByTestId("connection")).toHaveCount(0);

    await expectToWork(page, ana, `Afterwards, ${ana.handle}`);
    await live(page);
    await expectUnread(page, 2);
  });
}

test("after the program died, Back leads to the page that was before", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(...PANIC);
  const page = await ana.open("/settings");
  await page.getByRole("link", { name: "Rooms", exact: true }).click();
  await expect(page).toHaveURL("/rooms");
  await page.evaluate(DEATHS["an error that nobody catches"]);
  await expect(page.locator("html")).toHaveAttribute("data-asleep");
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await live(page);
});

test("in a room whose program died, Enter begins a line, the button sends, and nothing on its way is lost", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(...PANIC);
  const room = await ana.api.makeRoom();
  const page = await ana.open(`/rooms/${room}`);
  await page.evaluate(DEATHS["an error that nobody catches"]);
  await expect(page.locator("html")).toHaveAttribute("data-asleep");
  const field = page.getByLabel("Message", { exact: true });
  await field.fill("one");
  await field.press("Enter");
  await field.pressSequentially("two");
  await expect(field).toHaveValue("one\ntwo");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByTestId("said")).toHaveCount(1);
  expect(await ana.api.said(room)).toEqual(["one\ntwo"]);
});

test("a program that dies while it shows a page leaves the page as the server renders it", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(...PANIC);
  const page = await ana.open("/settings");
  await page.evaluate(() => document.querySelector("main")?.replaceChildren());
  await page.evaluate(DEATHS["an error that nobody catches"]);
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Feed", exact: true }).click();
  await live(page);
});

test("nodes that are taken away behind the program's back leave a page that works", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  ana.watch.expect(...PANIC);
  const id = await ana.api.post(`Hollow, ${ana.handle}`);
  const page = await ana.open();
  await page.evaluate(() => {
    for (const part of document.querySelectorAll("main, header, .toasts")) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_TEXT);
      const nodes: ChildNode[] = [];
      while (walker.nextNode()) nodes.push(walker.currentNode as ChildNode);
      for (const node of nodes) node.remove();
    }
    for (const list of document.querySelectorAll("ol, ul, .posts")) list.replaceChildren();
  });
  await ben.api.like(id);
  await ben.api.post(`New, ${ben.handle}`);
  await expect.poll(() => ana.api.unread()).toBe(1);
  await page.getByRole("navigation").locator('a[href="/settings"]').click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  // The names of the links are gone with what was taken away.
  await page.getByRole("navigation").locator('a[href="/"]').click();
  await expect(card(page, `Hollow, ${ana.handle}`)).toBeVisible();
  await page.goto("/");
  await expectToWork(page, ana, `Whole again, ${ana.handle}`);
});

test("translated text that is live goes on changing", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const text = `Translate me, ${ana.handle}`;
  const page = await openWithClock(ana);
  await post(page, text);
  const id = (await card(page, text).getAttribute("data-post-id")) ?? "";
  await ben.api.post(`Number 1, ${ben.handle}`);
  const news = page.locator(".new-posts");
  await expect(news).toHaveText("1 new post");
  const translate = () => page.evaluate(CHANGES["a translation"]);
  await translate();
  await expect(news).toHaveText("~1 new post~");
  await expect(card(page, text).getByRole("time")).toHaveText(/^~/);

  await ben.api.like(id);
  await expect(card(page, text).getByTestId("likes")).toHaveText("1");
  await expect(card(page, text)).toContainText("1 like");
  await expectUnread(page, 1);
  await ben.api.post(`Number 2, ${ben.handle}`);
  await expect(news).toHaveText("2 new posts");
  // And what was translated once more.
  await translate();
  await expect(news).toHaveText("~2 new posts~");
  await ben.api.post(`Number 3, ${ben.handle}`);
  await expect(news).toHaveText("3 new posts");
  await page.clock.fastForward(5 * 60_000);
  await expect(card(page, text).getByRole("time")).toHaveText(/^\d+ min ago$/);
});
