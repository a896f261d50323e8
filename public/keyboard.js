// Where the keyboard of a phone covers the page instead of making it smaller, as in Safari, the page of a room ends above
// it. The page loads this once it is awake. Other browsers make the page smaller by themselves, and nothing is done here.

const view = window.visualViewport;
const root = document.documentElement;
// A toolbar that comes or goes is lower than any keyboard.
const LOWEST = 150;

function fit() {
  // Whoever zooms in sees less of the page, and that is no keyboard.
  const seen = view.height * view.scale;
  if (root.clientHeight - seen < LOWEST) return root.style.removeProperty("--above-keyboard");
  root.style.setProperty("--above-keyboard", `${Math.floor(seen)}px`);
  // The browser has moved the page up to show the field, which needs that no more.
  if (document.querySelector(".room")) scrollTo(0, 0);
}

if (view) {
  view.addEventListener("resize", fit);
  fit();
}
