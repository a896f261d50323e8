// Quad's service worker: shows what is pushed while no page is open. It never looks at what pages load.

"use strict";

// A new version takes over at once. There is nothing in the old one that could be lost.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscribeAgain(event)));

// Whatever came, also if it is nothing or nothing that can be read.
function read(data) {
  try {
    const message = data.json();
    return message && typeof message === "object" ? message : {};
  } catch {
    return {};
  }
}

// Each push shows something: a browser takes the permission back where one does not. A page that is looked at would
// have shown it before the server pushed.
function show({ text, group, url }) {
  const tag = words(group);
  return self.registration.showNotification("Quad", {
    body: words(text) ?? "Something is new.",
    icon: "/favicon.svg",
    data: words(url) ?? "/notifications",
    // What is new in a group takes the place of what was, and says so once more.
    ...(tag && { tag, renotify: true }),
  });
}

function words(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}

// In a window that is there, else in a new one.
async function open(url) {
  let target = new URL("/notifications", self.location.origin);
  try {
    const asked = new URL(url, self.location.origin);
    if (asked.origin === target.origin) target = asked;
  } catch {
    // What is no address leads to the list.
  }
  const [page] = await pages();
  if (page) {
    try {
      await page.focus();
      await page.navigate(target.href);
      return;
    } catch {
      // A window that this worker does not control stays where it is.
    }
  }
  await self.clients.openWindow(target.href);
}

// The browser took the subscription back, or made another. The server learns of both.
async function subscribeAgain({ oldSubscription, newSubscription }) {
  const { pushManager } = self.registration;
  const { key } = await (await fetch("/api/v1/push/key")).json();
  let subscription = newSubscription ?? (await pushManager.getSubscription());
  if (!subscription || !isFor(subscription, key)) {
    // There can be one key at a time.
    await subscription?.unsubscribe();
    subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
  await tell("POST", subscription);
  if (oldSubscription && oldSubscription.endpoint !== subscription.endpoint) {
    await tell("DELETE", { endpoint: oldSubscription.endpoint });
  }
}

// A browser that does not say for which key is believed.
function isFor({ options }, key) {
  const bytes = options?.applicationServerKey;
  if (!bytes) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === key;
}

function tell(method, what) {
  return fetch("/api/v1/push/subscriptions", {
    method,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(what),
  });
}

function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}
