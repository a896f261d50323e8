// This browser's subscription to pushes, and what this browser remembers about notifications. Pages of somebody who
// wants pushes load it, so that a subscription that the server cannot use any more is renewed without a word.

// Whose pushes come to this browser: another person who logs in here has not asked for them.
const PUSH = "quad-push";

let found; // The subscription is looked for once a page, unless it was changed.

// This person's subscription, or null. The server is told of it again: it forgets it when a session ends.
export function subscription(person) {
  found ??= find(person);
  return found;
}

export async function subscribe(person) {
  if (!store(PUSH, person)) throw new Error("nothing is remembered");
  try {
    await navigator.serviceWorker.register("/sw.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    found = Promise.resolve(await renew(pushManager, await key()));
  } catch (error) {
    forget(PUSH);
    throw error;
  }
}

export async function unsubscribe(subscription) {
  forget(PUSH);
  found = undefined;
  await tell("DELETE", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

// What is remembered, where the browser remembers anything.
export function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function store(name, value) {
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing was remembered.
  }
}

async function find(person) {
  if (stored(PUSH) !== person) return null;
  const { pushManager } = (await navigator.serviceWorker.getRegistration("/")) ?? {};
  const old = (await pushManager?.getSubscription()) ?? null;
  if (!old) return null;
  const wanted = await key();
  if (!isFor(old, wanted)) return renew(pushManager, wanted);
  await tell("POST", old);
  return old;
}

// One that is left from somebody else, or that another key was made for, is of no use.
async function renew(pushManager, applicationServerKey) {
  const old = await pushManager.getSubscription();
  await old?.unsubscribe();
  const fresh = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  await tell("POST", fresh);
  if (old && old.endpoint !== fresh.endpoint) await tell("DELETE", { endpoint: old.endpoint });
  return fresh;
}

// A browser that does not say for which key is believed.
function isFor({ options }, key) {
  const bytes = options?.applicationServerKey;
  if (!bytes) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") === key;
}

async function key() {
  return (await (await tell("GET")).json()).key;
}

async function tell(method, what) {
  const path = method === "GET" ? "key" : "subscriptions";
  const answer = await fetch(`/api/v1/push/${path}`, {
    method,
    headers: what ? { "Content-Type": "application/json" } : {},
    body: what && JSON.stringify(what),
  });
  if (!answer.ok) throw new Error(`push ${path}: ${answer.status}`);
  return answer;
}

// Should it fail, the next page tries again.
const person = stored(PUSH);
if (person && document.documentElement.dataset.person === person) subscription(person).catch(() => (found = undefined));
