import type { Locator, Page } from "@playwright/test";
import { card, live, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** What a page without scripts asks for all the same. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];
const FAMILY = "👩‍👩‍👧‍👦";

function composer(page: Page): Locator {
  return page.getByLabel("What is on your mind?");
}

/** Has the page called something else. */
async function call(person: Person, name: string): Promise<void> {
  const page = await person.open("/settings");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.close();
}

test("the counter speaks up near the limit, and the field cuts nothing", async ({ member }) => {
  const ana = await member("Ana");
  ana.watch.expect(/status of 422/, /answer 422/);
  const page = await ana.open();
  const field = composer(page);
  const counter = page.getByTestId("counter");
  await field.fill("x".repeat(1_799));
  await expect(counter).toHaveText("");
  await field.fill("x".repeat(1_800));
  await expect(counter).toHaveText("200 characters left");
  await field.press("End");
  await field.press("y");
  await expect(counter).toHaveText("199 characters left");
  await expect(field).toHaveAccessibleDescription("199 characters left");

  // What people see is counted, and blank lines around it are not.
  await field.fill(`\n${FAMILY.repeat(1_999)}\n\n`);
  await expect(counter).toHaveText("1 character left");
  const long = FAMILY.repeat(2_003);
  await field.fill(long);
  await expect(counter).toHaveText("3 characters too many");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(page.locator("#composer-error")).toHaveText("At most 2,000 characters, please.");
  await expect(field).toHaveValue(long);
  const longest = FAMILY.repeat(2_000);
  await field.fill(longest);
  await expect(counter).toHaveText("0 characters left");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await expect(card(page, longest)).toBeVisible();
  await expect(field).toHaveValue("");
  await expect(counter).toHaveText("");
});

test("a name and a message are counted in the same way", async ({ member }) => {
  const ana = await member("Ana");
  const settings = await ana.open("/settings");
  const name = settings.getByLabel("Name", { exact: true });
  await name.fill(FAMILY.repeat(44));
  await expect(settings.getByTestId("counter")).toHaveText("");
  await name.fill(` ${FAMILY.repeat(52)} `);
  await expect(settings.getByTestId("counter")).toHaveText("2 characters too many");
  await name.fill(FAMILY.repeat(50));
  await expect(settings.getByTestId("counter")).toHaveText("0 characters left");
  await settings.getByRole("button", { name: "Save name" }).click();
  await expect(settings.getByText("Saved.")).toBeVisible();

  const room = await ana.api.makeRoom();
  const page = await ana.open(`/rooms/${room}`);
  const field = page.getByLabel("Message", { exact: true });
  await field.fill("x".repeat(1_990));
  await expect(page.getByTestId("counter")).toHaveText("10 characters left");
  // So large a frame would end the socket.
  const book = "long ".repeat(40_000);
  await field.fill(book);
  await field.press("Enter");
  await expect(page.getByText("At most 2,000 characters, please.")).toBeVisible();
  await expect(field).toHaveValue(book);
  await field.fill("short");
  await field.press("Enter");
  await expect(page.getByTestId("said")).toHaveText([/short/]);
  await expect(page.getByTestId("counter")).toHaveText("");
  await live(page);
});

test("names from right to left stand in the order of the sentence", async ({ member }) => {
  const [ana, dana, ben] = [await member("Ana"), await member("Dana"), await member("Ben")];
  const post = await ana.api.post("Likes, please");
  await call(dana, "דנה 1");
  await call(ben, "ليلى 2");
  const page = await ana.open("/");
  await dana.api.like(post);
  await ben.api.like(post);
  const toast = toasts(page);
  await expect(toast).toContainText("like your post");
  const order = (within: Locator, parts: string[]) =>
    within.evaluate((element, parts) => {
      const places: number[] = [];
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const part of parts) {
          const at = node.textContent?.indexOf(part) ?? -1;
          if (at < 0) continue;
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + part.length);
          places[parts.indexOf(part)] = range.getBoundingClientRect().left;
        }
      }
      return places.length === parts.length && places.every((place, n) => n === 0 || place > (places[n - 1] ?? 0));
    }, parts);
  expect(await order(toast, ["ليلى", "and", "דנה", "like your post"])).toBe(true);
  await page.getByRole("link", { name: /^Notifications/ }).click();
  const row = page.getByTestId("group").first();
  await expect(row).toContainText("like your post");
  expect(await order(row.locator(".group-words"), ["ليلى", "and", "דנה", "like your post"])).toBe(true);
  await page.screenshot({ path: "test-results/right-to-left.png" });

  await page.goto(`/people/${dana.handle}`);
  await expect(page).toHaveTitle(/^(\(\d+\) )?\u2068דנה 1\u2069 · Quad$/);
  const heading = page.getByRole("heading", { level: 1 }).locator("bdi");
  expect(await heading.evaluate((name) => getComputedStyle(name).direction)).toBe("rtl");
});

test("text and fields have the direction of what is written, each line its own", async ({ member }) => {
  const ana = await member("Ana");
  const page = await ana.open();
  const field = composer(page);
  const direction = (of: Locator) => of.evaluate((element) => getComputedStyle(element).direction);
  await field.fill("שלום");
  expect(await direction(field)).toBe("rtl");
  await field.fill("hello");
  expect(await direction(field)).toBe("ltr");
  await ana.api.post(`שלום (${ana.handle})\nand a second line`);
  await page.reload();
  const text = card(page, "and a second line").locator(".post-text");
  expect(await direction(text)).toBe("rtl");
  expect(await text.evaluate((element) => getComputedStyle(element).unicodeBidi)).toBe("plaintext");
});

for (const javaScriptEnabled of [true, false]) {
  test(`links, mentions and rooms lead there, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ member }) => {
    const ana = await member("Ana", { javaScriptEnabled });
    if (!javaScriptEnabled) ana.watch.expect(...UNUSED);
    const room = await ana.api.makeRoom({ title: "Chess" });
    const long = `https://v.example/${"a".repeat(60)}?end=1`;
    const text = [
      `See (https://v.example/a).  @${ana.handle}, and #${room}:`,
      `\t${long} ana@v.example`,
      "https://\u0430pple.com/ https://good.example@evil.example/ javascript:alert(1)",
      `\`@${ana.handle} https://code.example\` <b>bold</b>`,
    ].join("\n");
    const id = await ana.api.post(text);
    const page = await ana.context.newPage();
    await page.goto(`/posts/${id}`);
    if (javaScriptEnabled) await live(page);
    const shown = page.locator(".post-text");
    const links = await shown.locator("a").evaluateAll((links) =>
      links.map((link) => ({
        text: link.textContent,
        href: link.getAttribute("href"),
        rel: link.getAttribute("rel"),
        title: link.getAttribute("title"),
        isolated: !!link.querySelector("bdi"),
      })),
    );
    const rel = "nofollow ugc noopener";
    const [page1, mention, chess, shortened, mail, lookalike, ...rest] = links;
    expect(page1).toEqual({ text: "https://v.example/a", href: "https://v.example/a", rel, title: null, isolated: true });
    expect(mention).toMatchObject({ text: `@${ana.handle}`, href: `/people/${ana.handle}`, isolated: true });
    expect(chess).toMatchObject({ text: `#${room}`, href: `/rooms/${room}` });
    expect(shortened).toMatchObject({ href: long, title: long, rel });
    expect(shortened?.text).toMatch(/^https:\/\/v\.example\/a+…a+\?end=1$/);
    expect(mail).toMatchObject({ text: "ana@v.example", href: "mailto:ana@v.example" });
    expect(lookalike).toMatchObject({ text: "https://xn--pple-43d.com/", href: "https://xn--pple-43d.com/" });
    expect(rest).toEqual([]);
    const whole = text.replace(long, shortened?.text ?? "").replace("\u0430pple.com", "xn--pple-43d.com");
    expect(await shown.evaluate((element) => element.textContent)).toBe(whole);
    await shown.getByRole("link", { name: `#${room}` }).click();
    await expect(page.getByRole("heading", { name: "Chess" })).toBeVisible();
  });
}

test("what is said in a room has links at once, and no words run", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await ana.api.makeRoom();
  await ben.api.join(room);
  const page = await ana.open(`/rooms/${room}`);
  await ben.api.say(room, `@${ana.handle}: see https://v.example/x <i>no</i>`);
  const said = page.getByTestId("said");
  await expect(said.getByRole("link", { name: "https://v.example/x" })).toHaveAttribute("rel", "nofollow ugc noopener");
  await expect(said.locator(".said-text")).toHaveText(`@${ana.handle}: see https://v.example/x <i>no</i>`);
  await said.getByRole("link", { name: `@${ana.handle}` }).click();
  await expect(page).toHaveURL(`/people/${ana.handle}`);
});

test("initials are letters, in the page that was sent and in one that was made here", async ({ member }) => {
  const ana = await member("Ana");
  const initials = (page: Page) => page.locator(".me-card .avatar");
  for (const [name, shown] of [
    ["नेहा क्षितिज", "नेक्षि"],
    ["ßeta ǆ", "ẞǅ"],
    [FAMILY, "A"],
    ["(דנה) לוי", "דל"],
  ] as const) {
    await call(ana, name);
    const page = await ana.open("/");
    await expect(initials(page)).toHaveText(shown);
    // The same, made by the browser.
    await page.getByRole("link", { name: "Settings", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
    await page.getByRole("link", { name: "Feed", exact: true }).click();
    await expect(initials(page)).toHaveText(shown);
    await page.close();
  }
});
