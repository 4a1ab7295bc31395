// One integration on the Connections page: its three facts and what can be done with it.

import { el, uniqueID } from "../dom.js";
import * as session from "../session.js";
import { dayChart } from "./day-chart.js";
import { facts } from "./facts.js";
import { icon } from "./icons.js";
import { probe } from "./probe.js";
import { CATEGORIES } from "./states.js";

const CHART_HEIGHT = 56;

/** → { node, update(row, stats) }; `onOpen(id)` opens its events, `onStatus(row)` after a probe. */
export function integrationCard(first, { onOpen, onStatus }) {
  const title = uniqueID("integration");
  const view = facts(dayChart(CHART_HEIGHT));
  const test = session.isAdmin()
    ? probe({ id: first.id, name: first.name, onStatus })
    : null;
  const node = el("article", { class: "card integration", "aria-labelledby": title },
    el("header", { class: "card-header" },
      el("div", { class: "row" },
        el("h2", { id: title }, first.name),
        el("p", {}, CATEGORIES[first.category] ?? first.category)),
      el("div", { class: "actions" },
        test?.button,
        el("button", {
          type: "button", class: "button small", "aria-label": `Events of ${first.name}`,
          "aria-haspopup": "dialog", onclick: () => onOpen(first.id),
        }, icon("list"), "Events"))),
    test?.result,
    view.node);

  function update(row, stats) {
    // Without credentials there is nothing to probe.
    if (test) test.button.hidden = !row.configured;
    view.update(row, stats);
  }

  return { node, update };
}
