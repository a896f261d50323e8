// What this browser itself can do about notifications: the part of the page of preferences that only it can draw. The
// page loads this once it is awake, and without JavaScript there is nothing to choose here.

// Quad's pages look here before they ask the system to show anything.
const SYSTEM = "quad-system-notifications";
// Whose pushes come to this browser: another person who logs in here has not asked for them.
const PUSH = "quad-push";

class ThisBrowser extends HTMLElement {
  connectedCallback() {
    // Left and found again, the page has everything as it was.
    if (this.childElementCount > 0 || !("Notification" in window)) return;
    const section = element("section", { className: "card form" });
    section.setAttribute("aria-labelledby", "browser-heading");
    this.status = element("p", { className: "saved" });
    this.status.setAttribute("role", "status");
    section.append(element("h2", { id: "browser-heading", textContent: "In this browser" }));
    this.blocked = element("p", {
      className: "hint",
      textContent:
        "You do not let this site show notifications. To change that, open the browser’s settings for this site.",
    });
    section.append(this.blocked);
    this.system = row("While Quad is open in another tab", () => this.#toggle(() => this.#toggleSystem()));
    section.append(this.system.row);
    if ("serviceWorker" in navigator && "PushManager" in window) {
      this.push = row("While Quad is closed", () => this.#toggle(() => this.#togglePush()));
      section.append(this.push.row);
    }
    section.append(this.status);
    this.append(section);
    this.#draw();
  }

  async #draw() {
    const denied = Notification.permission === "denied";
    const allowed = Notification.permission === "granted";
    this.blocked.hidden = !denied;
    show(this.system, denied, allowed && localStorage.getItem(SYSTEM) === "on");
    if (this.push) show(this.push, denied, allowed && (await this.#subscription()) !== null);
  }

  async #toggle(act) {
    this.status.textContent = "";
    for (const { button } of [this.system, this.push].filter(Boolean)) button.disabled = true;
    try {
      this.status.textContent = (await act()) ?? "";
    } catch {
      this.status.textContent = "That did not work. Please try again in a moment.";
    }
    await this.#draw();
  }

  async #toggleSystem() {
    if (localStorage.getItem(SYSTEM) === "on" && Notification.permission === "granted") {
      localStorage.setItem(SYSTEM, "off");
      return "Turned off.";
    }
    if (!(await permitted())) return;
    localStorage.setItem(SYSTEM, "on");
    return "Turned on.";
  }

  async #togglePush() {
    const subscription = await this.#subscription();
    if (subscription) {
      localStorage.removeItem(PUSH);
      await tell("DELETE", { endpoint: subscription.endpoint });
      await subscription.unsubscribe();
      return "Turned off.";
    }
    if (!(await permitted())) return;
    await navigator.serviceWorker.register("/sw.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    const { key } = await (await tell("GET")).json();
    // One that is left from somebody else, or that another key was made for, is of no use.
    await (await pushManager.getSubscription())?.unsubscribe();
    const fresh = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    await tell("POST", fresh);
    localStorage.setItem(PUSH, this.dataset.person);
    return "Turned on.";
  }

  // This person's, which is told to the server again: it forgets it when a session ends.
  async #subscription() {
    if (localStorage.getItem(PUSH) !== this.dataset.person) return null;
    const registration = await navigator.serviceWorker.getRegistration("/");
    const subscription = (await registration?.pushManager.getSubscription()) ?? null;
    if (subscription && !this.told) {
      // Should it fail, the next visit tries again.
      this.told = await tell("POST", subscription).then(
        () => true,
        () => false,
      );
    }
    return subscription;
  }
}

async function permitted() {
  return (await Notification.requestPermission()) === "granted";
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

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function row(label, press) {
  const row = element("div", { className: "switch" });
  const words = element("span", { textContent: label });
  const button = element("button", { type: "button", className: "quiet-button small", onclick: press });
  row.append(words, button);
  return { row, button, label };
}

function show({ button, label }, denied, on) {
  button.disabled = denied;
  button.textContent = on ? "Turn off" : "Turn on";
  button.setAttribute("aria-label", `${button.textContent}: ${label}`);
}

if (!customElements.get("this-browser")) customElements.define("this-browser", ThisBrowser);
