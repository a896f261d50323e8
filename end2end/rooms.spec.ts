import type { Locator, Page } from "@playwright/test";
import { live, show, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** What a browser says by itself while there is no way to the server. */
const NO_WAY = [/WebSocket connection .* failed/, /ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/];

function said(page: Page, text?: string): Locator {
  const all = page.getByTestId("said");
  return text === undefined ? all : all.filter({ hasText: text });
}

function composer(page: Page): Locator {
  return page.getByLabel("Message", { exact: true });
}

/** A room of the first one, in which the others are too. */
async function together(owner: Person, ...others: Person[]): Promise<string> {
  const room = await owner.api.makeRoom({ title: `The room of ${owner.name}` });
  for (const other of others) await other.api.join(room);
  return room;
}

/** The page of a room, once the server has told it who is there. */
async function enter(person: Person, room: string, here = 1): Promise<Page> {
  const page = await person.open(`/rooms/${room}`);
  await expect(page.getByTestId("here")).toHaveText(`${here} here`);
  return page;
}

test("two people on two servers see what the other writes, says and has read", async ({ house, member }) => {
  const second = await house.second();
  const [ana, ben] = [await member("Ana"), await member("Ben", { at: second.url })];
  const room = await together(ana, ben);
  const anas = await enter(ana, room);
  const bens = await enter(ben, room, 2);
  await expect(anas.getByTestId("here")).toHaveText("2 here");

  await composer(bens).pressSequentially("Good");
  await expect(anas.getByTestId("typing")).toHaveText("Ben is writing…");
  await expect(bens.getByTestId("typing")).toHaveText("");
  await composer(bens).fill("Good morning");
  await composer(bens).press("Shift+Enter");
  await composer(bens).pressSequentially("to all");
  await composer(bens).press("Enter");
  await expect(composer(bens)).toHaveValue("");
  await expect(composer(bens)).toBeFocused();
  for (const page of [anas, bens]) {
    await expect(said(page)).toHaveCount(1);
    await expect(said(page).locator(".said-text")).toHaveText("Good morning\nto all", { useInnerText: true });
    await expect(said(page).getByRole("link")).toHaveText("Ben");
  }
  await expect(anas.getByTestId("typing")).toHaveText("");
  await expect(bens.getByText("Sending…")).toHaveCount(0);
  await expect(bens.getByTestId("read-by")).toHaveText("Read by Ana");

  await composer(anas).fill("Good evening");
  await anas.getByRole("button", { name: "Send" }).click();
  await expect(composer(anas)).toBeFocused();
  await expect(said(bens)).toHaveText([/Good morning/, /Good evening/]);
  await expect(anas.getByTestId("read-by")).toHaveText("Read by Ben");
  expect(await ana.api.said(room)).toEqual(["Good morning\nto all", "Good evening"]);

  await said(anas, "Good evening").getByRole("button", { name: "Remove message" }).click();
  for (const page of [anas, bens]) await expect(said(page)).toHaveText([/Good morning/]);
  await bens.close();
  await expect(anas.getByTestId("here")).toHaveText("1 here");
});

test("a mention is a toast elsewhere, and none where the room is on screen", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await together(ana, ben);
  const page = await ana.open("/settings");
  await ben.api.say(room, `Where are you, @${ana.handle}?`);
  await expect(toasts(page)).toContainText(`Ben mentioned you in The room of Ana`);
  await expect(toasts(page)).toContainText("Where are you");
  await toasts(page).getByRole("link").click();
  await expect(page).toHaveURL(`/rooms/${room}`);
  await expect(page.getByTestId("here")).toHaveText("1 here");
  await expect(said(page)).toHaveText([/Where are you/]);

  await ben.api.say(room, `There you are, @${ana.handle}!`);
  await expect(said(page)).toHaveCount(2);
  await expect.poll(async () => (await ana.api.ledger()).caught_up).toBe(1);
  await expect(toasts(page)).toHaveCount(0);
  await page.getByRole("link", { name: /^Notifications/ }).click();
  const row = page.getByTestId("group").filter({ hasText: "There you are" });
  await expect(row).toContainText(`Ben mentioned you in The room of Ana`);
  await row.getByRole("link", { name: /mentioned/ }).click();
  await expect(page).toHaveURL(`/rooms/${room}`);
});

test("whoever is invited is told, and finds the room", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await ana.api.makeRoom({ private: true });
  ben.watch.expect(/status of 404/, /answer 404/);
  const bens = await ben.open(`/rooms/${room}`);
  await expect(bens.getByRole("heading", { name: "Not found" })).toBeVisible();
  const anas = await enter(ana, room);
  await anas.getByLabel("Invite somebody").fill(`@${ben.handle}`);
  await anas.getByRole("button", { name: "Invite" }).click();
  await expect(anas.getByText(`@${ben.handle} is invited.`)).toBeVisible();
  await expect(toasts(bens)).toContainText(`Ana invites you into ${room}`);
  await bens.goto("/rooms");
  await live(bens);
  await bens.locator(`[data-room="${room}"]`).first().getByRole("button", { name: "Join" }).click();
  await expect(bens).toHaveURL(`/rooms/${room}`);
  await expect(anas.getByTestId("member").filter({ hasText: "Ben" })).toContainText("here");

  const row = anas.getByTestId("member").filter({ hasText: "Ben" });
  await row.getByText("Change").click();
  await row.getByRole("button", { name: "Make moderator" }).click();
  await expect(row).toContainText("Moderator");
  await expect(bens.getByLabel("Invite somebody")).toBeVisible();
  await row.getByText("Change").click();
  await row.getByRole("button", { name: "Hand the room over" }).click();
  await expect(row).toContainText("Owner");
  await expect(bens.getByText("End this room")).toBeVisible();
  await expect(anas.getByText("End this room")).toHaveCount(0);
});

test("whoever is removed is told so calmly, and cannot write any more", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await together(ana, ben);
  const bens = await enter(ben, room);
  const anas = await enter(ana, room, 2);
  const row = anas.getByTestId("member").filter({ hasText: "Ben" });
  await row.getByText("Change").click();
  await row.getByRole("button", { name: "Remove from room" }).click();
  await expect(row).toHaveCount(0);
  await expect(bens.getByTestId("out")).toContainText("You are no longer in this room");
  await expect(composer(bens)).toHaveCount(0);
  await ana.api.say(room, "Among ourselves");
  await expect(said(anas)).toHaveCount(1);
  await expect(said(bens)).toHaveCount(0);
});

test("what was said while the connection was lost is there afterwards, on both sides, once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const room = await together(ana, ben);
  await ben.api.say(room, "one");
  const page = await enter(ana, room);
  ana.watch.expect(...NO_WAY);
  cable.cut();
  await expect(page.locator("html")).toHaveAttribute("data-live", "connecting");
  await composer(page).fill("from the tunnel");
  await composer(page).press("Enter");
  await expect(said(page, "from the tunnel")).toContainText("Sending…");
  for (const text of ["two", "three"]) await ben.api.say(room, text);
  cable.mend();
  await expect(said(page)).toHaveText([/one/, /two/, /three/, /from the tunnel/], { timeout: 30_000 });
  await expect(page.getByText("Sending…")).toHaveCount(0);
  expect(await ben.api.said(room)).toEqual(["one", "two", "three", "from the tunnel"]);
});

test("what is sent and never answered is stored once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const room = await together(ana, ben);
  const page = await enter(ana, room);
  ana.watch.expect(...NO_WAY);
  cable.deafen();
  await composer(page).fill("only once");
  await composer(page).press("Enter");
  await expect.poll(() => ben.api.said(room)).toEqual(["only once"]);
  await expect(said(page)).toContainText("Sending…");
  cable.breakOff();
  await expect(page.getByText("Sending…")).toHaveCount(0, { timeout: 30_000 });
  await live(page);
  await expect(said(page)).toHaveText([/only once/]);
  expect(await ben.api.said(room)).toEqual(["only once"]);
});

test("what is refused can be tried again or edited", async ({ member }) => {
  const ana = await member("Ana");
  const room = await together(ana);
  const page = await enter(ana, room);
  await composer(page).evaluate((field) => field.removeAttribute("maxlength"));
  await composer(page).fill("x".repeat(2_001));
  await composer(page).press("Enter");
  const line = said(page, "Not sent.");
  await expect(line).toBeVisible();
  await line.getByRole("button", { name: "Try again" }).click();
  await expect(line).toBeVisible();
  await line.getByRole("button", { name: "Edit" }).click();
  await expect(said(page)).toHaveCount(0);
  await expect(composer(page)).toHaveValue("x".repeat(2_001));
  await composer(page).fill("shorter");
  await composer(page).press("Enter");
  await expect(said(page)).toHaveText([/shorter/]);
});

test("the newest message stays on screen, unless one reads further up", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await together(ana, ben);
  for (let n = 1; n <= 30; n++) await ben.api.say(room, `message ${n} of many`);
  const page = await enter(ana, room);
  await expect(said(page, "message 30 of many")).toBeInViewport();
  await ben.api.say(room, "the newest");
  await expect(said(page, "the newest")).toBeInViewport();

  await said(page, "message 3 of many").scrollIntoViewIfNeeded();
  await expect(said(page, "message 3 of many")).toBeInViewport();
  const pane = page.getByRole("group", { name: "Messages" });
  const place = () => said(page, "message 3 of many").evaluate((line) => Math.round(line.getBoundingClientRect().top));
  const before = await place();
  await ben.api.say(room, "unseen");
  await expect(page.getByRole("button", { name: "New messages" })).toBeVisible();
  expect(Math.abs((await place()) - before)).toBeLessThan(3);
  await page.getByRole("button", { name: "New messages" }).click();
  await expect(said(page, "unseen")).toBeInViewport();
  await expect(page.getByRole("button", { name: "New messages" })).toHaveCount(0);
  await expect(pane).toBeVisible();
});

test("a tab that nobody looks at marks nothing as read", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const room = await together(ana, ben);
  const anas = await enter(ana, room);
  const bens = await enter(ben, room, 2);
  await show(anas, false);
  await composer(bens).fill("Anybody there?");
  await composer(bens).press("Enter");
  await expect(said(anas)).toHaveCount(1);
  await expect(bens.getByText("Sending…")).toHaveCount(0);
  await expect(bens.getByTestId("read-by")).toHaveCount(0);
  await show(anas, true);
  await expect(bens.getByTestId("read-by")).toHaveText("Read by Ana");
});
