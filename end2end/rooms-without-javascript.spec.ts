import { expect, test } from "./fixtures/test";

const OFF = { javaScriptEnabled: false };
/** What Chromium says about the program that the page names and that it may not run. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];

test("a room works in HTML alone", async ({ member }) => {
  const [ana, ben] = [await member("Ana", OFF), await member("Ben", OFF)];
  for (const person of [ana, ben]) person.watch.expect(...UNUSED);
  const page = await ana.context.newPage();
  await page.goto("/");
  await page.getByRole("link", { name: "Rooms" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("no such name!");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.locator("#room-name-error")).toBeVisible();
  const room = `plain-${ana.handle}`;
  await page.getByRole("textbox", { name: "Name" }).fill(room);
  await page.getByRole("textbox", { name: "Title (optional)" }).fill("Plain talk");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page).toHaveURL(`/rooms/${room}`);
  await expect(page.getByRole("heading", { name: "Plain talk" })).toBeVisible();

  await page.getByLabel("Message", { exact: true }).fill("Is anybody there?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page).toHaveURL(`/rooms/${room}`);
  await expect(page.getByTestId("said")).toHaveText([/Is anybody there\?/]);
  // A form that is sent twice says it once; another text has another id.
  const id = await page.locator(".room-composer input[name=id]").inputValue();
  for (let n = 0; n < 2; n++) {
    const form = { name: room, id, text: "Twice?" };
    const answer = await page.request.post("/fn/say", { form, headers: { origin: ana.url, accept: "text/html" } });
    expect(answer.status()).toBe(200);
  }
  await page.getByLabel("Message", { exact: true }).fill("   ");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByTestId("said")).toHaveText([/Is anybody there\?/, /Twice\?/]);

  const bens = await ben.context.newPage();
  await bens.goto(`/rooms/${room}`);
  await expect(bens.getByText("1 person is in this room.")).toBeVisible();
  await bens.getByRole("button", { name: "Join" }).click();
  await expect(bens).toHaveURL(`/rooms/${room}`);
  await bens.getByLabel("Message", { exact: true }).fill("I am.");
  await bens.getByRole("button", { name: "Send" }).click();
  await expect(bens.getByTestId("said")).toHaveCount(3);
  await expect(bens.getByRole("button", { name: "Remove message" })).toHaveCount(1);
  await bens.getByRole("button", { name: "Remove message" }).click();
  await expect(bens.getByTestId("said")).toHaveCount(2);

  for (let n = 1; n <= 60; n++) await ben.api.say(room, `number ${n};`);
  await page.goto("/rooms");
  const listed = page.locator(`[data-room="${room}"]`).first();
  await expect(listed.getByTestId("room-unread")).toContainText("unread");
  await listed.getByRole("button", { name: "Mark as read" }).click();
  await expect(page.getByTestId("room-unread")).toHaveCount(0);
  await page.locator(`[data-room="${room}"]`).first().getByRole("link").click();
  await expect(page.getByTestId("said").filter({ hasText: "number 60;" })).toBeInViewport();
  await expect(page.getByText("number 2;")).toHaveCount(0);
  await page.getByRole("link", { name: "Older messages" }).click();
  await expect(page).toHaveURL(new RegExp(`/rooms/${room}\\?before=\\d+$`));
  await expect(page.getByText("number 2;")).toBeVisible();
  await expect(page.getByText("Is anybody there?")).toBeAttached();
  await page.getByRole("link", { name: "Newest messages" }).click();
  await expect(page).toHaveURL(`/rooms/${room}`);

  const row = page.getByTestId("member").filter({ hasText: "Ben" });
  await row.getByText("Change").click();
  await row.getByRole("button", { name: "Remove from room" }).click();
  await expect(page.getByTestId("member")).toHaveCount(1);
  await bens.reload();
  await bens.getByRole("button", { name: "Join" }).click();
  await expect(bens.getByRole("alert")).toHaveText("You may not do that.");

  await page.getByLabel("Invite somebody").fill("nobody_of_this_name");
  await page.getByRole("button", { name: "Invite" }).click();
  await expect(page.locator("#invite-handle-error")).toBeVisible();
  await page.getByLabel("Invite somebody").fill(ben.handle);
  await page.getByRole("button", { name: "Invite" }).click();
  await expect(page.getByText(`@${ben.handle} is invited.`)).toBeVisible();
  await bens.goto("/rooms");
  await bens.getByRole("button", { name: "Decline" }).click();
  await expect(bens).toHaveURL("/rooms");
  await expect(bens.getByRole("button", { name: "Decline" })).toHaveCount(0);

  await page.getByRole("button", { name: "Leave room" }).click();
  await expect(page).toHaveURL("/rooms");
  await expect(page.locator(`[data-room="${room}"]`)).toHaveCount(0);
});
