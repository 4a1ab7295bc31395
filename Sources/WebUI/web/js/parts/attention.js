// What an administrator should look after, the worst first.

import { el } from "../dom.js";
import { relativeTime } from "../time.js";
import { advice } from "./advice.js";
import { icon } from "./icons.js";
import { badge, skeleton } from "./notices.js";
import { refill, refillList } from "./refill.js";

const SEVERITIES = { critical: ["bad", "Critical"], warning: ["warn", "Warning"] };

/** → { node, update(list) }, `list` as GET /api/admin/overview has it. */
export function attention() {
  const head = el("h2", {}, "Needs attention");
  const list = el("ul", { class: "attention" });
  const body = el("div", { class: "card-body" }, skeleton("half", ""));
  const node = el("section", { class: "card" }, el("header", { class: "card-header" }, head), body);

  function update(items) {
    const sorted = [...items].sort((one, other) => rank(one) - rank(other));
    refill(head, items.length, () => ["Needs attention",
      items.length > 0 && el("span", { class: "muted" }, ` ${items.length}`)]);
    body.classList.toggle("flush", items.length > 0);
    if (items.length === 0) {
      refill(body, "nothing", nothing);
      return;
    }
    refill(body, "list", () => list);
    refillList(list, sorted, { id: (item) => `${item.code} ${item.integration}`, draw: entry });
  }

  return { node, update };
}

function rank({ severity }) {
  return severity === "critical" ? 0 : 1;
}

function nothing() {
  return el("div", { class: "all-well" }, icon("check"),
    el("div", {},
      el("p", { class: "title" }, "Nothing needs attention"),
      el("p", { class: "muted small" },
        "Disk, log, keys, second factors and connections are looked at all the time.")));
}

function entry(item) {
  const [kind, word] = SEVERITIES[item.severity] ?? ["plain", item.severity];
  return el("li", { class: kind },
    el("div", { class: "row" },
      badge(kind, word, { iconName: kind === "bad" ? "error" : "alert" }),
      el("h3", {}, item.title),
      item.since && el("span", { class: "muted small" },
        relativeTime(item.since, { prefix: "since " }))),
    item.message && el("p", {}, item.message),
    item.suggested_fix && el("p", { class: "fix" }, advice(item.suggested_fix)),
    link(item));
}

function link({ code, integration }) {
  if (integration) {
    return el("p", { class: "small" }, el("a", {
      href: `#/connections?open=${encodeURIComponent(integration)}`,
    }, "Show its events"));
  }
  if (code === "second_factor_off") {
    return el("p", { class: "small" }, el("a", { href: "#/settings" }, "Open Settings"));
  }
  return null;
}
