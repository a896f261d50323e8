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

// A browser that was pushed to has to show something, whatever came.
function read(data) {
  try {
    return data.json();
  } catch {
    return {};
  }
}

async function show({ text = "Something is new.", group, url = "/notifications" }) {
  // Whoever looks at Quad right now sees a toast there.
  const windows = await pages();
  if (windows.some((page) => page.focused && page.visibilityState === "visible")) return;
  await self.registration.showNotification("Quad", {
    body: text,
    // What is new in a group takes the place of what was, and says so once more.
    tag: group,
    renotify: group !== undefined,
    icon: "/favicon.svg",
    data: url,
  });
}

// In a window that is there, else in a new one.
async function open(url) {
  const target = new URL(url, self.location.origin);
  if (target.origin !== self.location.origin) return;
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
  const subscription = newSubscription ?? (await subscribe());
  await tell("POST", subscription);
  if (oldSubscription && oldSubscription.endpoint !== subscription.endpoint) {
    await tell("DELETE", { endpoint: oldSubscription.endpoint });
  }
}

async function subscribe() {
  const answer = await fetch("/api/v1/push/key");
  const { key } = await answer.json();
  return self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
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
