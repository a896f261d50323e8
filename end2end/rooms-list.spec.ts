import type { Locator, Page } from "@playwright/test";
import { live, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** What a browser says by itself while there is no way to the server. */
const NO_WAY = [/WebSocket connection .* failed/, /ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /ERR_EMPTY_RESPONSE/, /ERR_SOCKET_NOT_CONNECTED/];

/** The row of a room among one's own. */
function own(page: Page, room: string): Locator {
  return page.getByRole("region", { name: "Yours" }).locator(`[data-room="${room}"]`);
}

/** How many messages of a room are unread, as the list says. */
async function expectUnread(page: Page, room: string, unread: number): Promise<void> {
  await expect(own(page, room)).toBeVisible();
  await expect(own(page, room).getByTestId("room-unread")).toHaveText(unread ? [`${unread} unread`] : []);
}

test("the list of rooms follows what is said and read, on two servers and in two tabs", async ({ house, member }) => {
  const second = await house.second();
  const [ana, ben] = [await member("Ana"), await member("Ben", { at: second.url })];
  const room = await ben.api.makeRoom({ title: "Chess" });
  await ana.api.join(room);
  const list = await ana.open("/rooms");
  await expectUnread(list, room, 0);
  const bens = await ben.open(`/rooms/${room}`);
  const here = bens.getByTestId("here");
  await expect(here).toHaveText("1 here");

  await ben.api.say(room, "one");
  await expectUnread(list, room, 1);
  await bens.getByLabel("Message", { exact: true }).fill("two");
  await bens.keyboard.press("Enter");
  await expectUnread(list, room, 2);
  await expect(list.getByTestId("toast")).toHaveCount(0);
  await ana.api.say(room, "my own");
  await expectUnread(list, room, 0);
  const last = await ben.api.say(room, "three");
  await expectUnread(list, room, 1);
  await bens.getByTestId("said").filter({ hasText: "three" }).getByRole("button", { name: "Remove message" }).click();
  await expectUnread(list, room, 0);
  expect(last).toBe(4);

  await ben.api.say(room, "four");
  await expectUnread(list, room, 1);
  await expect(here).toHaveText("1 here");
  const tab = await ana.open(`/rooms/${room}`);
  await expect(here).toHaveText("2 here");
  await expectUnread(list, room, 0);
  await tab.close();
  await expect(here).toHaveText("1 here");

  await ben.api.say(room, `Are you there, @${ana.handle}?`);
  await expectUnread(list, room, 1);
  // Whoever sees the list does not see what is said.
  await expect(toasts(list)).toContainText("Ben mentioned you in Chess");
  await own(list, room).getByRole("button", { name: "Mark as read" }).click();
  await expectUnread(list, room, 0);
  await ben.api.say(room, "five");
  await expectUnread(list, room, 1);

  await own(list, room).getByRole("link", { name: "Chess" }).click();
  await expect(here).toHaveText("2 here");
  await expect(bens.getByTestId("read-by")).toHaveText("Read by Ana");
  await list.goBack();
  await expect(here).toHaveText("1 here");
  await expectUnread(list, room, 0);
  await ben.api.say(room, "six");
  await expectUnread(list, room, 1);
});

test("rooms and invitations come to the list and go from it", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const list = await ana.open("/rooms");
  await expect(list.getByText("You are in no room yet.")).toBeVisible();
  const name = list.locator("#room-name");
  await name.fill("half-typed");

  const made = await ana.api.makeRoom({ title: "Made elsewhere" });
  await expect(own(list, made)).toContainText("Made elsewhere");
  await expect(list.getByText("You are in no room yet.")).toHaveCount(0);
  const room = await ben.api.makeRoom();
  await ana.api.join(room);
  await expectUnread(list, room, 0);
  await ben.api.say(room, "welcome");
  await expectUnread(list, room, 1);
  await ana.api.leave(room);
  await expect(own(list, room)).toHaveCount(0);
  await ana.api.join(room);
  await expectUnread(list, room, 0);
  await ben.api.say(room, "welcome back");
  await expectUnread(list, room, 1);
  await ben.api.remove(room, ana.handle);
  await expect(own(list, room)).toHaveCount(0);

  const secret = await ben.api.makeRoom({ private: true });
  await ben.api.invite(secret, ana.handle);
  await expect(own(list, secret)).toContainText("You are invited.");
  await ben.api.remove(secret, ana.handle);
  await expect(own(list, secret)).toHaveCount(0);
  await ben.api.invite(secret, ana.handle);
  await expect(own(list, secret)).toContainText("You are invited.");
  await ana.api.join(secret);
  await expect(own(list, secret).getByRole("button")).toHaveCount(0);
  await ben.api.say(secret, "psst");
  await expectUnread(list, secret, 1);
  await ben.api.endRoom(secret);
  await expect(own(list, secret)).toHaveCount(0);
  await ana.api.endRoom(made);
  await expect(list.getByText("You are in no room yet.")).toBeVisible();
  await expect(name).toHaveValue("half-typed");
});

test("what was said and read while there was no connection counts once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const ana = await member("Ana", { at: cable.url });
  const ben = await member("Ben");
  const rooms = [await ben.api.makeRoom(), await ben.api.makeRoom()];
  for (const room of rooms) await ana.api.join(room);
  const [first = "", second = ""] = rooms;
  const list = await ana.open("/rooms");
  await ben.api.say(first, "one");
  await ben.api.say(second, "one");
  for (const room of rooms) await expectUnread(list, room, 1);

  ana.watch.expect(...NO_WAY);
  cable.cut();
  await expect(list.locator("html")).toHaveAttribute("data-live", "connecting");
  await ben.api.say(first, "two");
  await ben.api.say(first, "three");
  const elsewhere = ana.api.at(house.quad.url);
  await elsewhere.read(second, 1);
  await elsewhere.read(first, 2);
  const left = await ben.api.makeRoom();
  await elsewhere.join(left);
  cable.mend();
  await live(list);
  await expectUnread(list, first, 1);
  await expectUnread(list, second, 0);
  await expectUnread(list, left, 0);
  await ben.api.say(first, "four");
  await expectUnread(list, first, 2);
});

test("a like is pressed in the other tab, too", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ben.api.post(`Twice, ${ana.handle}`);
  const tabs = [await ana.open(), await ana.open(`/posts/${id}`)];
  const [first, other] = tabs.map((tab) => tab.locator(`[data-post-id="${id}"]`).getByRole("button", { name: "Like" }));
  if (!first || !other) throw new Error("two tabs");
  for (const pressed of ["true", "false"]) {
    await first.click();
    await expect(first).toHaveAttribute("aria-pressed", pressed);
    await expect(other).toHaveAttribute("aria-pressed", pressed);
  }
  await ana.api.like(id);
  for (const button of [first, other]) await expect(button).toHaveAttribute("aria-pressed", "true");
});
