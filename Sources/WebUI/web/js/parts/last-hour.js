// The last hour, minute by minute: requests to this server, and its calls to providers.

import { el } from "../dom.js";
import { columnChart, columnTable, legendItem } from "./charts.js";
import { skeleton } from "./notices.js";
import { count, percent } from "./numbers.js";
import { refill } from "./refill.js";

const HEIGHT = 104;
const REQUESTS = {
  title: "Requests a minute",
  up: [{ key: "ok", word: "answered well" }],
  down: [
    { key: "client_errors", word: "client errors" },
    { key: "server_errors", word: "server errors" },
  ],
  nothing: "No requests",
};
const CALLS = {
  title: "Calls to providers a minute",
  up: [{ key: "ok", word: "ok" }],
  down: [{ key: "failed", word: "failed" }],
  nothing: "No calls",
};

/** → { node, update(hour) }, `hour` as `last_hour` of GET /api/admin/overview. */
export function lastHour() {
  const totals = el("div", {}, skeleton("half", ""));
  const requests = plot(REQUESTS);
  const calls = plot(CALLS);
  const table = el("div", {});
  const numbers = el("details", { class: "by-minute", ontoggle: drawTable },
    el("summary", {}, "The hour in numbers"), table);
  let minutes = [];
  const node = el("section", { class: "card" },
    el("header", { class: "card-header" }, el("h2", {}, "Last hour")),
    el("div", { class: "card-body" }, totals,
      el("div", { class: "plots" }, requests.node, calls.node), numbers));

  function update(hour) {
    ({ minutes } = hour);
    refill(totals, [hour.requests, hour.client_errors, hour.server_errors, hour.calls,
      hour.call_failures], () => sums(hour));
    requests.update(minutes.map(asRequests));
    calls.update(minutes.map(asCalls));
    drawTable();
  }

  function drawTable() {
    if (!numbers.open) return;
    const top = table.firstElementChild?.scrollTop ?? 0;
    if (refill(table, minutes, () => minuteTable(minutes))) {
      table.firstElementChild.scrollTop = top;
    }
  }

  return { node, update };
}

function plot({ title, nothing, up, down }) {
  const chart = columnChart({
    label: title, height: HEIGHT, from: "60 min ago", to: "now", nothing, up, down,
  });
  const node = el("div", { class: "plot" },
    el("div", { class: "row-between" },
      el("h3", {}, title),
      el("p", { class: "legend" }, [...up, ...down].map(({ key, word }) => legendItem(key, word)))),
    chart.node);
  return { node, update: chart.update };
}

function sums(hour) {
  return el("dl", { class: "sums" },
    sum("Requests", hour.requests),
    sum("Client errors", hour.client_errors, hour.requests),
    sum("Server errors", hour.server_errors, hour.requests, true),
    sum("Calls to providers", hour.calls),
    sum("Failed calls", hour.call_failures, hour.calls, true));
}

/** Of a `whole`, its share as well; `isBad`: more than none is worth a look. */
function sum(term, value, whole = null, isBad = false) {
  return el("div", { class: isBad && value > 0 ? "is-bad" : null },
    el("dt", {}, term), el("dd", {}, count(value)),
    el("dd", { class: "muted small" }, whole === null ? "in 60 min" : percent(value, whole)));
}

function asRequests(minute) {
  return {
    title: clockOf(minute.at),
    values: {
      ...minute, ok: Math.max(0, minute.requests - minute.client_errors - minute.server_errors),
    },
  };
}

function asCalls(minute) {
  return {
    title: clockOf(minute.at),
    values: { ok: Math.max(0, minute.calls - minute.call_failures), failed: minute.call_failures },
  };
}

function minuteTable(minutes) {
  return columnTable({
    caption: "The last hour by minute",
    head: "Minute",
    series: [
      { key: "requests", word: "Requests" }, { key: "client_errors", word: "Client errors" },
      { key: "server_errors", word: "Server errors" }, { key: "calls", word: "Calls" },
      { key: "call_failures", word: "Failed calls" },
    ],
    columns: minutes.map((minute) => ({ title: clockOf(minute.at), values: minute })),
  });
}

function clockOf(at) {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
