// A table of usage events: what was called, how it ended, how long it took, who says so.

import { el } from "../dom.js";
import { exactUTC, relativeTime } from "../time.js";
import { cell } from "./cell.js";
import { copyButton, traceLink } from "./copy.js";
import { bytes, count, milliseconds } from "./numbers.js";
import { EVENT_SOURCES, EVENT_STATES, stateBadge } from "./states.js";

const HEADINGS = ["Time", "Operation", "Status", "Latency", "Units", "Source", "Trace"];
const PROVIDER_ID_CHARACTERS = 12;
const TIME_START = 11;
const TIME_END = 23;

/** → { node, body }: the rows go into `body`, made by `eventRow`. Needs css/events.css. */
export function eventTable(caption) {
  const body = el("tbody", {});
  const node = el("div", { class: "table-wrap" },
    el("table", { class: "table rows events" },
      el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {},
        HEADINGS.map((word) => el("th", {
          scope: "col", class: word === "Latency" ? "numeric" : null,
        }, word)))),
      body));
  return { node, body };
}

export function eventRow(event) {
  return el("tr", {},
    cell("Time", el("div", { class: "pair" },
      relativeTime(event.at), el("span", { class: "muted small" }, clockOf(event.at)))),
    cell("Operation", el("code", { class: "operation", title: event.operation },
      event.operation)),
    cell("Status", el("div", { class: "pair" },
      el("span", { class: "row" },
        stateBadge(EVENT_STATES, event.status),
        el("span", { class: "nowrap small muted" }, httpStatus(event))),
      event.error_code && el("code", { class: "small" }, event.error_code))),
    cell("Latency", latency(event), "numeric"),
    cell("Units", units(event)),
    cell("Source", source(event)),
    cell("Trace", el("div", { class: "pair" }, traceLink(event.trace_id), providerID(event))));
}

/** The time of day, exact, in UTC */
function clockOf(at) {
  return exactUTC(at).slice(TIME_START, TIME_END);
}

function httpStatus(event) {
  if (event.http_status !== null) return `HTTP ${event.http_status}`;
  return event.status === "pending" || event.source === "reported" ? "" : "no answer";
}

function latency(event) {
  const own = [
    event.upstream_ms !== null && `${milliseconds(event.upstream_ms)} of it at the provider`,
    event.bytes_in !== null && `${bytes(event.bytes_in)} in`,
    event.bytes_out !== null && `${bytes(event.bytes_out)} out`,
  ].filter(Boolean);
  return el("span", { class: "nowrap", title: own.join(", ") || null },
    milliseconds(event.latency_ms));
}

/** { input_tokens: 11, output_tokens: 7 } → "11 input · 7 output tokens" */
function units({ units: amounts }) {
  const all = Object.entries(amounts ?? {});
  if (all.length === 0) return el("span", { class: "muted" }, "–");
  const kinds = new Set(all.map(([name]) => name.slice(name.lastIndexOf("_") + 1)));
  const shared = kinds.size === 1 && all.every(([name]) => name.includes("_"))
    ? `_${[...kinds][0]}` : "";
  return el("span", { class: "units small" },
    all.map(([name, amount], place) => [
      place > 0 && " · ",
      el("span", { class: "nowrap" }, count(amount), " ", words(name.slice(0, -shared.length
        || undefined))),
    ]),
    shared && words(shared));
}

function words(name) {
  return el("span", { class: "muted" }, name.replaceAll("_", " "));
}

function source(event) {
  const [word, meaning] = EVENT_SOURCES[event.source] ?? [event.source, null];
  return el("div", { class: "pair" },
    el("span", { title: meaning }, word),
    event.reporter && el("span", {
      class: "muted small reporter",
      title: `Reported by ${event.reporter}${event.event_id ? ` as ${event.event_id}` : ""}`,
    }, event.reporter));
}

function providerID({ provider_request_id: id }) {
  if (!id) return null;
  return el("span", { class: "copyable small" },
    el("code", { class: "muted", title: `The provider’s id of the request: ${id}` },
      id.length > PROVIDER_ID_CHARACTERS + 1 ? `${id.slice(0, PROVIDER_ID_CHARACTERS)}…` : id),
    copyButton(id, "the provider’s request id"));
}
