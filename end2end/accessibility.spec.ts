import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { awake, expectUnread, live, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const LEVELS = ["info", "success", "warning", "error"] as const;
const NARROW = { width: 320, height: 640 };

async function expectAccessible(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  const found = violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target, failureSummary }) => [target, failureSummary]) }));
  expect.soft(found, where).toEqual([]);
}

async function expectNoSidewaysScroll(page: Page, where: string): Promise<void> {
  const widths = await page.evaluate(() => {
    const root = document.documentElement;
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && box.right > root.clientWidth + 1 && getComputedStyle(element).overflow === "visible";
    });
    return { scroll: root.scrollWidth, client: root.clientWidth, wide: wide.map((element) => element.outerHTML.slice(0, 120)) };
  });
  expect.soft(widths.scroll, `${where}: ${widths.wide.join("\n")}`).toBeLessThanOrEqual(widths.client);
}

/** Every kind of page, each as both sorts of visitors see it. */
async function everyPage(owner: Person): Promise<{ public: string[]; own: string[]; liked: string }> {
  const liked = await owner.api.post(
    `A post with a long word: ${"Donaudampfschifffahrtsgesellschaft".repeat(4)}\n\nAnd an address, https://example.org/${"a/".repeat(60)}`,
  );
  await owner.api.like(liked);
  // Everything is silenced, a post is muted, and nothing is to disturb just now.
  await owner.api.mute(await owner.api.post("Hush"));
  await owner.api.want({ like: "inbox", do_not_disturb_until: Date.now() + 3_600_000 });
  const room = await owner.api.makeRoom({ title: `A room for ${"Donaudampfschiff".repeat(2)}` });
  for (const text of [`A long word: ${"Donaudampfschifffahrtsgesellschaft".repeat(4)}`, "And a short one."]) await owner.api.say(room, text);
  const open = ["/", `/posts/${liked}`, `/people/${owner.handle}`, "/no/such/page", "/posts/0000000000.1"];
  return { public: open, own: [...open, "/rooms", `/rooms/${room}`, `/rooms/${room}?before=2`, "/notifications", "/notifications/silenced", "/announcements", "/settings", "/settings/notifications", "/settings/sessions"], liked };
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page, ${colorScheme}`, async ({ house, member, stranger }) => {
    test.setTimeout(240_000);
    const looks = { colorScheme, reducedMotion: "reduce" } as const;
    const [ana, ben, eve] = [await member("Ana", looks), await member("Ben"), await stranger("Eve", looks)];
    for (const person of [ana, eve]) person.watch.expect(/status of 404/, /answer 404/);
    const pages = await everyPage(ana);
    await ben.api.like(pages.liked);
    for (const level of LEVELS) await house.notify(ana.handle, `A message of the kind ${level}`, level);
    const guest = await eve.context.newPage();
    for (const path of [...pages.public, "/signup", "/login"]) {
      await guest.goto(path);
      await awake(guest);
      await expectAccessible(guest, `${path}, logged out`);
    }
    const page = await ana.context.newPage();
    for (const path of pages.own) {
      await page.goto(path);
      await live(page);
      await expectAccessible(page, `${path}, logged in`);
    }
    await ana.api.want({});
    await page.goto("/");
    await live(page);
    await ben.api.like(await ana.api.post("Toast me"));
    await expect(toasts(page)).toHaveCount(1);
    await toasts(page).getByRole("link").hover();
    await expectAccessible(page, "with a toast on screen");
  });

  test(`axe finds nothing wrong with forms in trouble, ${colorScheme}`, async ({ member, stranger }) => {
    const looks = { colorScheme, reducedMotion: "reduce" } as const;
    const eve = await stranger("Eve", looks);
    eve.watch.expect(/status of 4\d\d/, /answer 4\d\d/);
    const page = await eve.open("/signup");
    await page.getByLabel("Handle").fill("1x");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Sign up" }).click();
    await expect(page.locator("#handle-error")).toBeVisible();
    await expectAccessible(page, "sign-up");
    await page.goto("/login");
    await awake(page);
    await page.getByLabel("Handle").fill(eve.handle);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expectAccessible(page, "log-in");

    const ana = await member("Ana", looks);
    ana.watch.expect(/status of 422/, /answer 422/);
    const feed = await ana.open();
    await feed.getByLabel("What is on your mind?").fill("  ");
    await feed.getByRole("button", { name: "Post", exact: true }).click();
    await expect(feed.locator("#composer-error")).toBeVisible();
    await expectAccessible(feed, "composer");
  });
}

test("at 320 pixels nothing scrolls sideways", async ({ house, member, stranger }) => {
  const looks = { viewport: NARROW, reducedMotion: "reduce" } as const;
  const [ana, ben, eve] = [await member("Ana", looks), await member("Ben"), await stranger("Eve", looks)];
  for (const person of [ana, eve]) person.watch.expect(/status of 404/, /answer 404/);
  const pages = await everyPage(ana);
  await ben.api.like(pages.liked);
  await house.notify(ana.handle, `https://example.org/${"a".repeat(200)}`, "warning");
  const guest = await eve.context.newPage();
  for (const path of [...pages.public, "/signup", "/login"]) {
    await guest.goto(path);
    await awake(guest);
    await expectNoSidewaysScroll(guest, `${path}, logged out`);
  }
  const page = await ana.context.newPage();
  for (const path of pages.own) {
    await page.goto(path);
    await live(page);
    await expectNoSidewaysScroll(page, `${path}, logged in`);
  }
});

for (const width of [320, 1280]) {
  test(`a toast about a long post stays within ${width} pixels`, async ({ member }) => {
    const ana = await member("Ana", { viewport: { width, height: 640 }, reducedMotion: "reduce" });
    const ben = await member("Ben");
    const id = await ana.api.post("A heron stood in the fountain this morning, as if it had a lecture to give. ".repeat(3));
    const page = await ana.open();
    await ben.api.like(id);
    await expect(toasts(page).locator(".toast-detail")).toBeVisible();
    await expect(toasts(page)).toBeInViewport({ ratio: 1 });
    await expect(toasts(page).getByRole("button", { name: "Dismiss" })).toBeInViewport({ ratio: 1 });
    await expectNoSidewaysScroll(page, "with a toast on screen");
  });
}

test("the keyboard is enough", async ({ stranger, member }) => {
  const ana = await stranger("Ana");
  const ben = await member("Ben");
  const page = await ana.open();
  const focused = page.locator(":focus");
  await page.keyboard.press("Tab");
  await expect(focused).toHaveText("Skip to content");
  await expect(focused).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(focused).toHaveText("Sign up");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/signup");
  await expect(page.getByRole("main")).toBeFocused();
  for (const text of [ana.handle, ana.name, ana.password]) {
    await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await live(page);

  for (const name of ["Skip to content", "Quad, to the feed", "Feed", "Rooms", "Notifications", "You", "Settings", "Log out"]) {
    await page.keyboard.press("Tab");
    await expect(focused).toHaveAccessibleName(name);
    const outline = await focused.evaluate((element) => getComputedStyle(element).outlineStyle);
    expect(outline, `the focus on ${name} is seen`).not.toBe("none");
  }
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAccessibleName("What is on your mind?");
  await page.keyboard.type(`By hand, ${ana.handle}`);
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAccessibleName("Post");
  await page.keyboard.press("Enter");
  const article = page.getByRole("article").filter({ hasText: ana.handle }).first();
  await expect(article).toBeVisible();
  const like = article.getByRole("button", { name: "Like" });
  await like.focus();
  await page.keyboard.press("Space");
  await expect(like).toHaveAttribute("aria-pressed", "true");
  await expect(like).toBeFocused();
  const id = (await article.getAttribute("data-post-id")) ?? "";
  await expect.poll(() => ben.api.likes(id)).toBe(1);
});

test("F8 leads to the toasts and back, Escape and the button dismiss", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const posts = [];
  for (let n = 1; n <= 3; n++) posts.push(await ana.api.post(`Toast ${n}`));
  const page = await ana.open("/settings");
  const name = page.getByRole("textbox", { name: "Name" });
  const region = page.getByRole("region", { name: "Notifications" });
  const focused = page.locator(":focus");
  await name.focus();
  await page.keyboard.press("F8");
  await expect(name).toBeFocused();
  await expect(page.getByTestId("announcer")).toContainText("There is no notification on screen.");

  for (const id of posts) await ben.api.like(id);
  await expect(toasts(page)).toHaveCount(3);
  await expect(name).toBeFocused();
  await page.keyboard.press("F8");
  await expect(region).toBeFocused();
  await page.keyboard.press("F8");
  await expect(name).toBeFocused();

  await page.keyboard.press("F8");
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAttribute("href", `/posts/${posts[0]}`);
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAccessibleName("Dismiss");
  await page.keyboard.press("Enter");
  await expect(toasts(page)).toHaveCount(2);
  await expect(region).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(focused).toHaveAttribute("href", `/posts/${posts[1]}`);
  await page.keyboard.press("Escape");
  await expect(toasts(page)).toHaveCount(1);
  await expect(toasts(page).getByRole("link")).toHaveAttribute("href", `/posts/${posts[2]}`);
  await expect(region).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(toasts(page)).toHaveCount(0);
  await expect(name).toBeFocused();
  // A toast that was sent away is not read: the list has it still.
  await expectUnread(page, 3);
});

test("Escape sends the newest toast away from anywhere, and the focus stays", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const [one, two] = [await ana.api.post("One"), await ana.api.post("Two")];
  const page = await ana.open("/settings");
  await page.getByRole("textbox", { name: "Name" }).focus();
  await ben.api.like(one);
  await ben.api.like(two);
  await expect(toasts(page)).toHaveCount(2);
  await page.keyboard.press("Escape");
  await expect(toasts(page)).toHaveCount(1);
  await expect(toasts(page).getByRole("link")).toHaveAttribute("href", `/posts/${one}`);
  await expect(page.getByRole("textbox", { name: "Name" })).toBeFocused();
});
