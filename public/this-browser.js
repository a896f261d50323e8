// What this browser itself can do about notifications: the part of the page of preferences that only it can draw. The
// page loads this once it is awake, and without JavaScript there is nothing to choose here.

import { store, stored, subscribe, subscription, unsubscribe } from "./push.js";

// Quad's pages look here before they ask the system to show anything.
const SYSTEM = "quad-system-notifications";
const FORGETFUL = "Your browser does not let this site remember that.";

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
    show(this.system, denied, allowed && stored(SYSTEM) === "on");
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
    if (stored(SYSTEM) === "on" && Notification.permission === "granted") {
      return store(SYSTEM, "off") ? "Turned off." : FORGETFUL;
    }
    if (!(await permitted())) return;
    return store(SYSTEM, "on") ? "Turned on." : FORGETFUL;
  }

  async #togglePush() {
    const old = await this.#subscription();
    if (old) {
      await unsubscribe(old);
      return "Turned off.";
    }
    if (!(await permitted())) return;
    await subscribe(this.dataset.person);
    return "Turned on.";
  }

  // Where it cannot be told, there is none to turn off.
  #subscription() {
    return subscription(this.dataset.person).catch(() => null);
  }
}

async function permitted() {
  return (await Notification.requestPermission()) === "granted";
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
