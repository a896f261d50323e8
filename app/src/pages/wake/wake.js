// Starts the page's program, and gives the page back to the browser when that program dies: whenever that is, links
// and forms go on as they do without JavaScript. Comments and indentation are not sent.

const { documentElement: root, body } = document;
const Fault = globalThis.WebAssembly?.RuntimeError;
const ASLEEP = "quad-asleep";

let program; // What the program exports, once it runs.
let dead = false;
let diedAt; // The page on screen when it died.
let followed; // The link that the program is on its way to.

// Before any listener of the program: none of them hears anything after its death.
for (const type of ["click", "submit", "input", "change", "keydown", "popstate", "visibilitychange", "pageshow", "pagehide", "online", "offline"]) {
  addEventListener(type, hear, true);
}
addEventListener("error", fault);
addEventListener("unhandledrejection", fault);
// The program itself calls this when it panics, so that no catch in between hides that.
globalThis.quadDied = die;

if (Fault && !asleep()) wake();

async function wake() {
  aside();
  const changes = [];
  const watch = new MutationObserver((seen) => changes.push(...seen));
  watch.observe(body, { childList: true, subtree: true, characterData: true, characterDataOldValue: true });
  const client = await import("/pkg/quad.js");
  program = await client.default({ module_or_path: "/pkg/quad.wasm" });
  changes.push(...watch.takeRecords());
  watch.disconnect();
  const focused = document.activeElement;
  // What extensions and translators changed since the page was loaded is taken back and done again: the program
  // takes over the HTML as it was sent, and afterwards it does not matter to it.
  [...changes].reverse().forEach(undo);
  try {
    client.hydrate();
  } catch (error) {
    die();
    console.error(error);
  } finally {
    changes.forEach(redo);
    if (document.activeElement !== focused) focused.focus({ preventScroll: true });
  }
}

// What was put before the page's first element while it was still loading stands after its last.
function aside() {
  const first = body.querySelector(":scope > .skip");
  while (first && body.firstChild !== first) body.append(body.firstChild);
}

function undo(change) {
  const { target, addedNodes, removedNodes, nextSibling, oldValue } = change;
  if (change.type === "characterData") {
    change.now = target.data;
    target.data = oldValue;
  }
  for (const node of addedNodes) node.remove();
  for (const node of removedNodes) target.insertBefore(node, nextSibling);
}

function redo({ type, target, addedNodes, removedNodes, nextSibling, now }) {
  if (type === "characterData") target.data = now;
  for (const node of removedNodes) node.remove();
  const before = nextSibling?.parentNode === target ? nextSibling : null;
  for (const node of addedNodes) target.insertBefore(node, before);
}

// Whoever logs out leaves nothing behind that they wrote, whether the program is awake, asleep or dead.
function forget(event) {
  if (event.type !== "submit" || !/^\/fn\/log_out/.test(event.target.getAttribute("action"))) return;
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage)) if (/^quad-(draft|unsent):/.test(key)) storage.removeItem(key);
    }
  } catch {
    // Where a browser refuses storage, nothing was kept.
  }
}

function hear(event) {
  forget(event);
  if (!dead) {
    if (event.type === "click") follow(event);
    if (event.type === "popstate") followed = undefined;
    return;
  }
  if (event.target.closest?.("this-browser")) return;
  event.stopImmediatePropagation();
  // Back leads to a page that only the program could have shown.
  if (event.type === "popstate" && diedAt !== page()) location.reload();
}

function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  const mine = (followed = { from: location.href, to: link.href });
  setTimeout(() => {
    // The browser itself follows it, or nobody.
    if (!event.defaultPrevented && followed === mine) followed = undefined;
  });
}

function fault(event) {
  const error = event.error ?? event.reason;
  const inside = /wasm-function|\.wasm\b/.test(error?.stack);
  const fatal = (Fault && error instanceof Fault) || (inside && (dead || event.type === "error"));
  if (!fatal) return;
  // What still runs of a dead program fails again and again, and says so to nobody.
  if (dead) event.preventDefault();
  die();
}

function die() {
  if (dead) return;
  dead = true;
  diedAt = page();
  // Nothing that still runs of it can reach the page, a socket or a timer.
  const held = program?.__wbindgen_externrefs;
  for (let n = held?.length ?? 0; n-- > 0; ) if (Object(held.get(n)) === held.get(n)) held.set(n, undefined);
  for (const name of ["data-live", "data-speaks"]) root.removeAttribute(name);
  root.setAttribute("data-asleep", "");
  for (const note of document.querySelectorAll(".connection, .toasts li")) note.remove();
  for (const control of document.querySelectorAll(":disabled")) {
    if (!control.closest("this-browser")) control.disabled = false;
  }
  const unfinished = document.querySelector("main [aria-busy=true], .said-state:not(:empty)");
  if (followed?.from === location.href && followed.to !== location.href) location.assign(followed.to);
  else if (unfinished || !document.querySelector("main > *")) reload();
}

// Once without waking: the page is as the server renders it.
function reload() {
  try {
    sessionStorage.setItem(ASLEEP, "1");
    location.reload();
  } catch {
    // Where nothing can be remembered, it would go on and on.
  }
}

function asleep() {
  try {
    const found = sessionStorage.getItem(ASLEEP);
    sessionStorage.removeItem(ASLEEP);
    return found !== null;
  } catch {
    return false;
  }
}

function page() {
  return location.pathname + location.search;
}
