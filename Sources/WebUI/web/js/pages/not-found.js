// An address that leads nowhere, or to a page for administrators only.

import { el } from "../dom.js";
import { emptyState, pageHeader } from "../parts/notices.js";

export const title = "Not found";

export function render(page) {
  page.root.append(
    pageHeader("There is no such page"),
    emptyState("search", "Nothing here for you",
      "The address may be mistyped, or the page is for administrators only.",
      el("a", { class: "button", href: "#/" }, "Go to the start")));
}
