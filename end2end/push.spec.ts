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
