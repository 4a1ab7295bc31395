// A section of Settings: what it is about on the left, what can be done on the right.

import { el, uniqueID } from "../dom.js";

export function section(title, text, ...content) {
  const id = uniqueID("section");
  return el("section", { class: "section", "aria-labelledby": id },
    el("div", { class: "about" },
      el("h2", { id }, title),
      el("p", { class: "muted" }, text)),
    el("div", { class: "card" }, content));
}
