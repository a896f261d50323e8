import type { Worker } from "@playwright/test";
import type { Person } from "./fixtures/person";
import { live } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** Registers the service worker and leaves; answers it and a way to push to it as the browser would. */
async function withWorker(person: Person): Promise<{ worker: Worker; push: (data: string) => Promise<void> }> {
  await person.context.grantPermissions(["notifications"]);
  const page = await person.open("/settings");
  const started = person.context.waitForEvent("serviceworker");
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
  });
  const worker = await started;
  const cdp = await person.context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }: { registrations: { registrationId: string }[] }) => {
      const [registration] = registrations;
      if (registration) resolve(registration.registrationId);
    });
  });
  await cdp.send("ServiceWorker.enable");
  const registrationId = await registered;
  const origin = new URL(page.url()).origin;
  const push = async (data: string): Promise<void> => {
    await cdp.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data });
  };
  // Nobody looks at Quad any more. (A page behind another one has the focus all the same here.)
  await page.goto("about:blank");
  return { worker, push };
}

/** What the system shows. */
function shown(worker: Worker): Promise<string[]> {
  return worker.evaluate(async () => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    const notifications = await registration.getNotifications();
    return notifications.map(({ title, body, tag, data }) => `${title}, ${tag}: ${body} ${String(data)}`);
  });
}

test("what is pushed is shown by the system, once for a group", async ({ member }) => {
  const ana = await member("Ana");
  const { worker, push } = await withWorker(ana);
  const message = { type: "notification", group: "like.1", text: "Ben likes your post", url: "/notifications", unread: 1 };
  await push(JSON.stringify(message));
  await expect.poll(() => shown(worker)).toEqual(["Quad, like.1: Ben likes your post /notifications"]);
  await push(JSON.stringify({ ...message, text: "Ben and Cem like your post" }));
  await expect.poll(() => shown(worker)).toEqual(["Quad, like.1: Ben and Cem like your post /notifications"]);
  await push("not for us");
  await expect.poll(async () => (await shown(worker)).length, "a push is never swallowed").toBe(2);
});

test("the service worker leaves pages as they are", async ({ member }) => {
  const ana = await member("Ana");
  await withWorker(ana);
  const page = await ana.open("/notifications");
  await live(page);
  await expect(page.getByRole("heading", { name: "Notifications" })).toBeVisible();
});

/** Notes what the worker shows, whatever the system does with it afterwards. */
async function notes(worker: Worker): Promise<() => Promise<string[]>> {
  await worker.evaluate(() => {
    const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
    const notes: string[] = [];
    Object.assign(self, { notes });
    const show = registration.showNotification.bind(registration);
    registration.showNotification = (title, options) => {
      notes.push(`${title}, ${options?.tag ?? ""}: ${options?.body} ${String(options?.data)}`);
      return show(title, options);
    };
  });
  return () => worker.evaluate(() => (self as unknown as { notes: string[] }).notes);
}

test("each push shows something, whatever it brings and whoever looks", async ({ member }) => {
  const ana = await member("Ana");
  const { worker, push } = await withWorker(ana);
  const noted = await notes(worker);
  const expected: string[] = [];
  for (const data of ["", "null", "7", "[]", '"text"', "{}", '{"text":7,"group":"","url":{}}', '{"text":"","group":null}']) {
    await push(data);
    expected.push("Quad, : Something is new. /notifications");
    await expect.poll(noted, data).toEqual(expected);
  }
  const page = await ana.open("/notifications");
  await page.bringToFront();
  const message = { group: "like.1", text: "Ben likes your post", url: "https://elsewhere.example/" };
  for (let n = 0; n < 2; n++) {
    await push(JSON.stringify(message));
    expected.push("Quad, like.1: Ben likes your post https://elsewhere.example/");
    await expect.poll(noted).toEqual(expected);
  }
});

/** A browser's subscriptions, in a browser that reaches no push service: what is asked of it, and for which key. */
function subscriptions(): void {
  const bytes = (key: string) => Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const made: { endpoint: string; key: string }[] = [];
  const make = (endpoint: string, key: string) => ({
    endpoint,
    options: { applicationServerKey: bytes(key).buffer },
    unsubscribe: async () => {
      current = null;
      return true;
    },
    toJSON: () => ({ endpoint, keys: { p256dh: "x", auth: "x" } }),
  });
  let current: ReturnType<typeof make> | null = make("https://push.example/old", "b2xkIGtleQ");
  Object.assign(window, { made });
  PushManager.prototype.getSubscription = async () => current as unknown as PushSubscription | null;
  PushManager.prototype.subscribe = async (options) => {
    if (current) throw new DOMException("There is one for another key.", "InvalidStateError");
    const key = String(options?.applicationServerKey);
    made.push({ endpoint: "https://push.example/new", key });
    current = make("https://push.example/new", key);
    return current as unknown as PushSubscription;
  };
}

test("a subscription that was made with another key is renewed on whatever page is opened", async ({ member }) => {
  const ana = await member("Ana");
  await ana.context.grantPermissions(["notifications"]);
  const first = await ana.open();
  const person = await first.locator("html").getAttribute("data-person");
  await first.evaluate(async (person) => {
    localStorage.setItem("quad-push", person ?? "");
    await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
  }, person);
  await ana.context.addInitScript(subscriptions);
  const told: string[] = [];
  await ana.context.route(/push\/subscriptions$/, async (route) => {
    told.push(`${route.request().method()} ${(route.request().postDataJSON() as { endpoint: string }).endpoint}`);
    await route.fulfill({ status: 204 });
  });
  const page = await ana.open("/rooms");
  await expect.poll(() => told).toEqual(["POST https://push.example/new", "DELETE https://push.example/old"]);
  const { key } = (await (await page.request.get("/api/v1/push/key")).json()) as { key: string };
  expect(await page.evaluate(() => (window as unknown as { made: unknown[] }).made)).toEqual([{ endpoint: "https://push.example/new", key }]);
});
