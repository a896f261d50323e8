// Keeps text alive that the browser translates. A translator takes a text node away and puts <font> in its place; what
// the page writes into that node later would be seen by nobody. Comments and indentation are not sent.

const places = new WeakMap(); // Which <font> stands for a text node.

const watch = new MutationObserver((changes) => {
  for (const { type, target, addedNodes, removedNodes, previousSibling, nextSibling } of changes) {
    if (type === "characterData") {
      const place = places.get(target);
      if (!target.isConnected && place?.isConnected) place.replaceWith(target);
      continue;
    }
    const place = [...addedNodes, previousSibling, nextSibling].find((node) => node?.nodeName === "FONT");
    for (const text of place ? removedNodes : []) {
      if (text.nodeType !== Node.TEXT_NODE || text.isConnected) continue;
      places.set(text, place);
      watch.observe(text, { characterData: true });
    }
  }
});
watch.observe(document.body, { childList: true, subtree: true });
