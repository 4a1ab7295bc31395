// Keeps what is on the screen where it is: only what has changed is drawn anew, and the focus
// stays.

import { fill } from "../dom.js";

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
/** node → what it shows, as text */
const shown = new WeakMap();

/** Draws the content of `node` anew when `data` is not what it shows. Answers whether it did. */
export function refill(node, data, draw) {
  const text = JSON.stringify(data);
  if (shown.get(node) === text) return false;
  shown.set(node, text);
  keepFocus(node, () => {
    fill(node, draw(data));
    return node;
  });
  return true;
}

/**
 * Makes the children of `parent` those of `items`, in their order: `id(item)` names one and
 * `draw(item)` makes its node. Nodes of unchanged items stay the same nodes. Answers the new ones.
 */
export function refillList(parent, items, { id, draw }) {
  const before = new Map([...parent.children].map((node) => [node.dataset.item, node]));
  const wanted = new Set(items.map((item) => String(id(item))));
  for (const [name, node] of before) if (!wanted.has(name)) node.remove();

  const added = [];
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = String(id(item));
    const old = before.get(name);
    const node = upToDate(old, item, draw);
    node.dataset.item = name;
    if (!old) added.push(node);
    if (old === at) at = node.nextElementSibling;
    // Not even moved when it is in its place: moving would lose the focus.
    else parent.insertBefore(node, at);
  }
  return added;
}

function upToDate(old, item, draw) {
  const text = JSON.stringify(item);
  if (old && shown.get(old) === text) return old;
  if (!old) return remembered(draw(item), text);
  return keepFocus(old, () => {
    const node = remembered(draw(item), text);
    old.replaceWith(node);
    return node;
  });
}

function remembered(node, text) {
  shown.set(node, text);
  return node;
}

/** Runs `change`, which answers the node that stands there now; its n-th control has the focus. */
function keepFocus(node, change) {
  const active = document.activeElement;
  const place = node.contains(active) ? [...node.querySelectorAll(FOCUSABLE)].indexOf(active) : -1;
  const now = change();
  if (place < 0) return now;
  const controls = now.querySelectorAll(FOCUSABLE);
  controls[Math.min(place, controls.length - 1)]?.focus({ preventScroll: true });
  return now;
}
