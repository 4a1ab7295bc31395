// A cell of a `table.rows`, which says what it is where the columns have become a list.

import { el } from "../dom.js";

export function cell(label, content, kind = null) {
  return el("td", { "data-label": label, class: kind }, content);
}
