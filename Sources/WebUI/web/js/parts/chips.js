// A choice of one: radio buttons that look like chips, with how many each of them stands for.

import { el, uniqueID } from "../dom.js";
import { count } from "./numbers.js";

/**
 * chips({ legend: "State", onChange(value) {} }) → { node, update(options), value() }
 *
 * `update([[value, word, number], …])` may come at any time: the choice and the focus stay. Needs
 * css/chips.css.
 */
export function chips({ legend, onChange }) {
  const name = uniqueID("chips");
  const node = el("fieldset", { class: "chips" },
    el("legend", { class: "visually-hidden" }, legend));
  const known = new Map();
  let chosen = null;

  function update(options) {
    chosen ??= options[0][0];
    const wanted = new Set(options.map(([value]) => value));
    for (const [value, one] of known) {
      one.node.hidden = !wanted.has(value) && value !== chosen;
      if (!wanted.has(value)) one.number.textContent = "0";
    }
    let at = node.firstElementChild;
    for (const [value, word, number] of options) {
      const one = known.get(value) ?? make(value, word);
      if (nextShown(at) !== one.node) at.after(one.node);
      one.number.textContent = count(number);
      at = one.node;
    }
  }

  function make(value, word) {
    const input = el("input", {
      type: "radio", name, checked: value === chosen, class: "visually-hidden",
      onchange: () => {
        chosen = value;
        onChange(value);
      },
    });
    const number = el("span", { class: "number" });
    const one = { number, node: el("label", { class: "chip" }, input, word, " ", number) };
    known.set(value, one);
    return one;
  }

  return { node, update, value: () => chosen };
}

function nextShown(node) {
  let next = node.nextElementSibling;
  while (next?.hidden) next = next.nextElementSibling;
  return next;
}
