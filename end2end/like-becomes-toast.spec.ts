import { whenClicked, whenShown } from "./fixtures/moments";
import { card, countAppearances, expectUnread, likeButton, live, post, speaker, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

test("a like becomes a toast, a badge and an entry; taking it back removes all three", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const anas = await ana.open();
  const text = `What do you think? ${ana.handle}`;
  await post(anas, text);
  await expectUnread(anas, 0);
  const bens = await ben.open();
  const loads: string[] = [];
  anas.on("framenavigated", (frame) => loads.push(frame.url()));

  const moments = Promise.all([whenClicked(bens), whenShown(anas, "[data-testid=toast]")]);
  await likeButton(card(bens, text)).click();
  await expect(likeButton(card(bens, text))).toHaveAttribute("aria-pressed", "true");
  await expect(card(bens, text).getByTestId("likes")).toHaveText("1");
  await expect(toasts(anas)).toHaveCount(1);
  await expect(toasts(anas)).toContainText("Ben likes your post");
  await expect(toasts(anas)).toContainText(text);
  const [clicked, shown] = await moments;
  console.log(`  from Ben's click to Ana's toast: ${shown - clicked} ms`);
  await expect(card(anas, text).getByTestId("likes")).toHaveText("1");
  await expectUnread(anas, 1);
  expect(loads, "pages loaded meanwhile").toEqual([]);

  await anas.getByRole("link", { name: "Notifications, 1 unread" }).click();
  await expect(anas.getByTestId("group")).toHaveCount(1);
  await expect(anas.getByTestId("group")).toContainText("Unread: Ben likes your post");
  await expect(anas.getByTestId("group")).toContainText(text);

  await likeButton(card(bens, text)).click();
  await expect(likeButton(card(bens, text))).toHaveAttribute("aria-pressed", "false");
  await expect(toasts(anas)).toHaveCount(0);
  await expectUnread(anas, 0);
  await expect(anas.getByTestId("group")).toHaveCount(0);
  await expect(anas.getByText("Nothing yet.")).toBeVisible();
  expect(await ana.api.unread()).toBe(0);
});

test("several people on one post are one unread group, and marking it reaches every tab", async ({ member }) => {
  const [ana, ben, cem] = [await member("Ana"), await member("Ben"), await member("Cem")];
  const id = await ana.api.post(`Popular, ${ana.handle}`);
  const other = await ana.api.post(`Also popular, ${ana.handle}`);
  const [feed, list] = [await ana.open(), await ana.open("/notifications")];
  await ben.api.like(id);
  await cem.api.like(id);
  await ben.api.like(other);
  await expectUnread(feed, 2);
  await expectUnread(list, 2);
  await expect(toasts(await speaker([feed, list]))).toHaveCount(2);
  const groups = list.getByTestId("group");
  await expect(groups).toHaveCount(2);
  await expect(groups.nth(0)).toContainText("Ben likes your post");
  await expect(groups.nth(1)).toContainText("Cem and Ben like your post");

  await groups.nth(1).getByRole("button", { name: "Mark as read" }).click();
  await expectUnread(list, 1);
  await expectUnread(feed, 1);
  await list.getByRole("button", { name: "Mark all as read" }).click();
  await expectUnread(list, 0);
  await expectUnread(feed, 0);
  await expect(list.getByRole("button", { name: / as read$/ })).toHaveCount(0);
  await expect(groups).toHaveCount(2);
  expect(await ana.api.unread()).toBe(0);
});

test("following a toast leads to the post and marks it as read", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Follow me, ${ana.handle}`);
  const page = await ana.open("/settings");
  await ben.api.like(id);
  await toasts(page).getByRole("link").click();
  await expect(page).toHaveURL(`/posts/${id}`);
  await expect(page.getByRole("listitem").filter({ hasText: `@${ben.handle}` })).toBeVisible();
  await expect(toasts(page)).toHaveCount(0);
  await expectUnread(page, 0);
});

test("opening a notification marks it as read", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Open me, ${ana.handle}`);
  await ben.api.like(id);
  const page = await ana.open("/notifications");
  await expectUnread(page, 1);
  await page.getByTestId("group").getByRole("link").click();
  await expect(page).toHaveURL(`/posts/${id}`);
  await expectUnread(page, 0);
});

test("a third tab of the same person does not count a like twice", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Once is enough, ${ana.handle}`);
  const one = await ana.open();
  const two = await ana.open(`/posts/${id}`);
  const [bens, bensSecond] = [await ben.open(`/posts/${id}`), await ben.open(`/posts/${id}`)];
  const appeared = await countAppearances(two, "[data-testid=toast]");

  expect(await speaker([one, two])).toBe(two);
  await bens.getByRole("button", { name: "Like" }).click();
  await expect(toasts(two)).toHaveCount(1);
  for (const page of [one, two]) await expectUnread(page, 1);
  await expect(toasts(one)).toHaveCount(0);
  // The second tab does not know of the first one's like yet by itself, so a click asks for the same state again.
  await expect(bensSecond.getByTestId("likes")).toHaveText("1");
  await ben.api.like(id);
  await ben.api.like(id);
  await expect(two.getByTestId("likes")).toHaveText("1");
  await expectUnread(two, 1);

  const third = await ana.open();
  await expectUnread(third, 1);
  await expect(toasts(third)).toHaveCount(0);
  expect(await appeared()).toBe(1);
  expect(await ana.api.likes(id)).toBe(1);
  expect(await ana.api.unread()).toBe(1);
});

test("one's own like is counted and announces nothing", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const page = await ana.open();
  const text = `I like it myself, ${ana.handle}`;
  await post(page, text);
  const appeared = await countAppearances(page, "[data-testid=toast]");
  await likeButton(card(page, text)).click();
  await expect(card(page, text).getByTestId("likes")).toHaveText("1");
  const id = await card(page, text).getAttribute("data-post-id");
  expect(await ana.api.unread()).toBe(0);
  // Ben's like comes after it, so whatever hers would have announced is there by then.
  await ben.api.like(id ?? "");
  await expect(toasts(page)).toContainText("Ben likes your post");
  expect(await appeared()).toBe(1);
  await expectUnread(page, 1);
});

test("a deleted post takes its notifications along, live", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Not for long, ${ana.handle}`);
  const page = await ana.open("/notifications");
  await ben.api.like(id);
  await expect(toasts(page)).toHaveCount(1);
  await expect(page.getByTestId("group")).toHaveCount(1);
  await ana.api.delete(id);
  await expect(toasts(page)).toHaveCount(0);
  await expect(page.getByTestId("group")).toHaveCount(0);
  await expectUnread(page, 0);
});

test("quick presses end in the last state asked for", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Make up your mind, ${ana.handle}`);
  const page = await ben.open(`/posts/${id}`);
  const button = page.getByRole("button", { name: "Like" });
  const answered = page.waitForResponse(/set_like/);
  await button.evaluate((button: HTMLButtonElement) => {
    for (let press = 0; press < 5; press++) button.click();
  });
  await answered;
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByTestId("likes")).toHaveText("1");
  await expect.poll(() => ana.api.likes(id)).toBe(1);
  await live(page);
});
