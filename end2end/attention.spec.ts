import type { Page } from "@playwright/test";
import { countAppearances, expectUnread, live, toasts } from "./fixtures/page";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

/** What Chromium says about the program that the page names and that it may not run. */
const UNUSED = [/quad\.js csp$/, /quad\.wasm was preloaded using link preload but not used/];

function kind(page: Page, name: string) {
  return page.getByRole("group", { name });
}

/** Proves that what came before made no toast: the next thing that does is the first. */
async function expectFirstToast(page: Page, owner: Person, fan: Person, appearances: () => Promise<number>): Promise<void> {
  await fan.api.like(await owner.api.post("This one makes a toast"));
  await expect(toasts(page)).toHaveCount(1);
  await expect(toasts(page)).toContainText("This one makes a toast");
  expect(await appearances()).toBe(1);
}

for (const javaScriptEnabled of [true, false]) {
  test(`preferences are saved, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ member }) => {
    const ana = await member("Ana", { javaScriptEnabled, timezoneId: "Asia/Kathmandu" });
    if (!javaScriptEnabled) ana.watch.expect(...UNUSED);
    const page = await ana.context.newPage();
    await page.goto("/settings");
    await page.getByRole("link", { name: "Notification settings" }).click();
    if (javaScriptEnabled) await live(page);
    await kind(page, "Likes of your posts").getByLabel("The list alone").check();
    await kind(page, "Messages of other programs").getByLabel("Nothing").check();
    await kind(page, "Mentions and invitations in rooms").getByLabel("The list alone").check();
    await page.getByLabel("Keep quiet every day").check();
    await page.getByLabel("From", { exact: true }).fill("23:15");
    await page.getByLabel("To", { exact: true }).fill("06:30");
    // The zone has two spellings, and browsers differ.
    if (javaScriptEnabled) await expect(page.getByLabel("Your time zone")).toHaveValue(/^Asia\/Kath?mandu$/);
    else await page.getByLabel("Your time zone").selectOption("Asia/Kathmandu");
    await page.getByLabel("How long a toast stays").selectOption("20 seconds");
    await page.getByLabel("With a short sound").check();
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.")).toBeVisible();
    expect(await ana.api.preferences()).toEqual({
      like: "inbox",
      message: "off",
      mention: "inbox",
      quiet_hours: {
        from: 23 * 60 + 15,
        to: 6 * 60 + 30,
        utc_offset: 345,
        zone: expect.stringMatching(/^Asia\/Kath?mandu$/),
      },
      do_not_disturb_until: null,
      toast_seconds: 20,
      sound: true,
    });
    await page.goto("/settings/notifications");
    await expect(kind(page, "Likes of your posts").getByLabel("The list alone")).toBeChecked();
    await expect(kind(page, "Messages of other programs").getByLabel("Nothing")).toBeChecked();
    await expect(page.getByLabel("Keep quiet every day")).toBeChecked();
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("23:15");
    await expect(page.getByLabel("How long a toast stays")).toHaveValue("20");
    await expect(page.getByLabel("With a short sound")).toBeChecked();

    await page.getByRole("button", { name: "For 1 hour" }).click();
    await expect(page.getByTestId("disturb")).toContainText("On until");
    await page.getByRole("button", { name: "Until I switch it off" }).click();
    await expect(page.getByTestId("disturb")).toContainText("On until you switch it off.");
    await page.getByRole("button", { name: "Switch off" }).click();
    await expect(page.getByTestId("disturb")).toContainText("Off");
    expect((await ana.api.preferences()).like, "the rest stayed").toBe("inbox");
  });

  test(`what cannot be is said beside its field, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async ({ member }) => {
    const ana = await member("Ana", { javaScriptEnabled });
    if (javaScriptEnabled) ana.watch.expect(/status of 422/, /answer 422/);
    else ana.watch.expect(...UNUSED);
    const page = await ana.context.newPage();
    await page.goto("/settings/notifications");
    if (javaScriptEnabled) await live(page);
    await page.getByLabel("Keep quiet every day").check();
    await page.getByLabel("From", { exact: true }).fill("08:00");
    await page.getByLabel("To", { exact: true }).fill("08:00");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.locator("#quiet-error")).toContainText("Quiet hours");
    await expect(page.getByLabel("From", { exact: true })).toHaveAttribute("aria-invalid", "true");
    expect((await ana.api.preferences()).quiet_hours).toBeNull();
  });
}

test("a page that was reached by a link has all zones, and the device's is chosen", async ({ member }) => {
  const ana = await member("Ana", { timezoneId: "Australia/Lord_Howe" });
  const page = await ana.open("/settings");
  await page.getByRole("link", { name: "Notification settings" }).click();
  const zone = page.getByLabel("Your time zone");
  await expect(zone).toHaveValue("Australia/Lord_Howe");
  expect(await zone.getByRole("option").count()).toBeGreaterThan(300);
});

for (const path of ["/settings", "/settings/notifications"]) {
  test(`the zone that was chosen stays chosen on another device, by ${path}`, async ({ member }) => {
    const ana = await member("Ana", { timezoneId: "Asia/Tokyo" });
    await ana.api.want({ quiet_hours: { from: 0, to: 60, zone: "Europe/Berlin" } });
    const page = await ana.open(path);
    if (path === "/settings") await page.getByRole("link", { name: "Notification settings" }).click();
    await expect(page.getByText("This device is in Asia/Tokyo.")).toBeVisible();
    await expect(page.getByLabel("Your time zone")).toHaveValue("Europe/Berlin");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Saved.")).toBeVisible();
    expect((await ana.api.preferences()).quiet_hours).toMatchObject({ zone: "Europe/Berlin" });
  });
}

test("quiet hours without a zone are refused beside the field, without JavaScript", async ({ member }) => {
  const ana = await member("Ana", { javaScriptEnabled: false });
  ana.watch.expect(...UNUSED);
  const page = await ana.context.newPage();
  await page.goto("/settings/notifications");
  await page.getByLabel("Keep quiet every day").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#zone-error")).toHaveText("Please choose your time zone.");
  await expect(page.getByLabel("Your time zone")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("button", { name: "Until tomorrow, 8:00 UTC" })).toBeVisible();
});

test("a muted post makes neither toast nor badge, and the page says why", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Too popular, ${ana.handle}`);
  const page = await ana.open(`/posts/${id}`);
  await page.getByRole("button", { name: "Mute this post" }).click();
  await expect(page.getByRole("button", { name: "Unmute this post" })).toBeVisible();
  const appearances = await countAppearances(page, "[data-testid=toast]");
  await ben.api.like(id);
  await expect(page.getByTestId("likes")).toHaveText("1");
  await expectUnread(page, 0);
  await expectFirstToast(page, ana, ben, appearances);
  await expectUnread(page, 1);

  await page.getByRole("link", { name: "Notifications, 1 unread" }).click();
  await page.getByRole("link", { name: "What made no toast" }).click();
  await expect(page.getByTestId("silenced")).toHaveCount(1);
  await expect(page.getByTestId("silenced")).toContainText("Ben likes your post");
  await expect(page.getByTestId("silenced")).toContainText("You muted this person or this post.");

  await page.goto("/settings/notifications");
  await live(page);
  await expect(page.getByTestId("ledger")).toContainText("1 stayed silent because you muted");
  await page.getByRole("button", { name: "Unmute this post" }).click();
  await expect(page.getByRole("button", { name: "Mute this post", exact: true })).toBeFocused();
  await page.reload();
  await expect(page.getByText("Nobody and nothing.")).toBeVisible();
});

test("a person is muted on their page, and one's own page has no such button", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`Hello, ${ana.handle}`);
  const page = await ana.open(`/people/${ben.handle}`);
  await page.getByRole("button", { name: `Mute @${ben.handle}` }).click();
  await expect(page.getByRole("button", { name: `Unmute @${ben.handle}` })).toBeVisible();
  await ben.api.like(id);
  await expect.poll(() => ana.api.silenced()).toBe(1);
  await expectUnread(page, 0);
  await page.getByRole("link", { name: "You", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Ana", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: /mute/i })).toHaveCount(0);
  const guest = await ben.open(`/posts/${id}`);
  await expect(guest.getByTestId("likes")).toHaveText("1");
  await expect(guest.getByRole("button", { name: /mute/i })).toHaveCount(0);
});

test("what is for the list alone raises the badge and makes no toast", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  await ana.api.want({ like: "inbox" });
  const page = await ana.open();
  const appearances = await countAppearances(page, "[data-testid=toast]");
  await ben.api.like(await ana.api.post("Quietly"));
  await expectUnread(page, 1);
  await ana.api.want({});
  await expectFirstToast(page, ana, ben, appearances);
  await page.getByRole("link", { name: "Notifications, 2 unread" }).click();
  await expect(page.getByTestId("group").nth(1).getByTestId("withheld")).toHaveText("No toast: you want these in the list alone.");
});

test("do not disturb keeps toasts back, and everything else goes on", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const page = await ana.open("/settings/notifications");
  await page.getByRole("button", { name: "Until tomorrow, 8:00" }).click();
  await expect(page.getByTestId("disturb")).toContainText(", 08:00");
  const appearances = await countAppearances(page, "[data-testid=toast]");
  await ben.api.like(await ana.api.post("Psst"));
  await expectUnread(page, 1);
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByTestId("disturb")).toContainText("Off");
  await expect(page.getByRole("button", { name: "For 1 hour" })).toBeFocused();
  await expectFirstToast(page, ana, ben, appearances);
  await page.getByRole("link", { name: "Notifications, 2 unread" }).click();
  const group = page.getByTestId("group").nth(1);
  await expect(group.getByTestId("withheld")).toHaveText("No toast: you were not to be disturbed.");
});

test("two devices agree on what is read", async ({ member, stranger }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const other = await stranger("Ana");
  await other.context.addCookies([ana.api.cookie]);
  await ben.api.like(await ana.api.post("On both"));
  const [here, there] = [await ana.open("/notifications"), await other.open()];
  await live(there);
  await expectUnread(there, 1);
  await here.getByRole("button", { name: "Mark as read" }).click();
  await expectUnread(there, 0);
  await expectUnread(here, 0);
  await expect(here.getByRole("button", { name: "Mark as unread" })).toBeFocused();
  await here.getByRole("button", { name: "Mark as unread" }).click();
  await expectUnread(there, 1);
  await expectUnread(here, 1);
  await expect(here.getByRole("button", { name: "Mark as read", exact: true })).toBeFocused();
});

test("a message of a program stands in the list, and a group shows everybody in it", async ({ house, member }) => {
  const [ana, ben, cem] = [await member("Ana"), await member("Ben"), await member("Cem")];
  const id = await ana.api.post("Popular");
  await ben.api.like(id);
  await cem.api.like(id);
  const page = await ana.open("/notifications");
  await house.notify(ana.handle, "The backup\nfailed.", "error");
  const groups = page.getByTestId("group");
  await expect(groups).toHaveCount(2);
  await expect(groups.nth(0)).toContainText("Error");
  await expect(groups.nth(0)).toContainText("Unread: The backup failed.");
  await expect(groups.nth(0).getByRole("button", { name: /mute/i })).toHaveCount(0);
  await expectUnread(page, 2);
  await groups.nth(1).getByText("Who likes it").click();
  await expect(groups.nth(1).locator("details").getByRole("link", { name: "Ben" })).toBeVisible();
  await expect(groups.nth(1).locator("details").getByRole("link", { name: "Cem" })).toBeVisible();
  await groups.nth(1).getByRole("button", { name: "Mute this post" }).click();
  await expect(groups.nth(1).getByRole("button", { name: "Unmute this post" })).toBeVisible();
  await groups.nth(0).getByRole("button", { name: "Mark as read" }).click();
  await expectUnread(page, 1);
});

test("what was on the list is not new any more", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  await ben.api.like(await ana.api.post("Just posted"));
  const page = await ana.open("/notifications");
  const mark = page.getByTestId("group").getByText("New", { exact: true });
  await expect(mark).toBeVisible();
  const again = await ana.context.newPage();
  await expect(async () => {
    await again.goto("/notifications");
    await expect(again.getByTestId("group")).toContainText("Unread: Ben likes your post");
    await expect(again.getByTestId("group").getByText("New", { exact: true })).toHaveCount(0, { timeout: 1 });
  }).toPass();
  await expect(mark, "it stays while it is looked at").toBeVisible();
});

test("a mark that comes too late changes nothing and says so", async ({ member }) => {
  const [ana, ben] = [await member("Ana", { javaScriptEnabled: false }), await member("Ben")];
  ana.watch.expect(...UNUSED);
  await ben.api.like(await ana.api.post("One"));
  const page = await ana.context.newPage();
  await page.goto("/notifications");
  await ben.api.like(await ana.api.post("Two"));
  await ana.api.markAll();
  await ben.api.like(await ana.api.post("Three"));
  await page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(page.getByRole("alert")).toContainText("The list has changed meanwhile");
  await expect(page.getByTestId("group")).toHaveCount(3);
  await expect(page.getByTestId("badge")).toHaveText("1");
});

test("this browser shows notifications of the system only if it is asked to", async ({ member }) => {
  const ana = await member("Ana", { permissions: ["notifications"] });
  const page = await ana.open("/settings/notifications");
  const stored = () => page.evaluate(() => localStorage.getItem("quad-system-notifications"));
  await expect(page.getByRole("heading", { name: "In this browser" })).toBeVisible();
  expect(await stored()).toBeNull();
  await page.getByRole("button", { name: "Turn on: While Quad is open in another tab" }).click();
  await expect(page.getByText("Turned on.")).toBeVisible();
  expect(await stored()).toBe("on");
  await page.reload();
  await page.getByRole("button", { name: "Turn off: While Quad is open in another tab" }).click();
  await expect(page.getByText("Turned off.")).toBeVisible();
  expect(await stored()).toBe("off");
});
