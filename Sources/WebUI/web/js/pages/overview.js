// Overview: what needs attention now, the last hour, and the server itself.

import { serverNow } from "../connection.js";
import { el } from "../dom.js";
import { attention } from "../parts/attention.js";
import { clusterCard } from "../parts/cluster.js";
import { lastHour } from "../parts/last-hour.js";
import { pageHeader, skeleton } from "../parts/notices.js";
import { bytes, count } from "../parts/numbers.js";
import { problemArea } from "../parts/problem.js";
import { refill } from "../parts/refill.js";
import { poll } from "../poll.js";
import { localTime, span } from "../time.js";

export const title = "Overview";
export const styles = ["cards", "tables", "charts", "overview"];

const SECONDS = 5;

export function render(page) {
  const problem = problemArea({
    retry: () => live.refresh(),
    onLoss: (isLost) => cards.forEach((one) => { one.hidden = isLost; }),
  });
  const needs = attention();
  const hour = lastHour();
  const cluster = clusterCard();
  const server = el("div", { class: "card-body" }, skeleton("half", "", "half"));
  const cards = [
    needs.node,
    hour.node,
    el("section", { class: "card" },
      el("header", { class: "card-header" }, el("h2", {}, "Server")), server),
    cluster.node,
  ];
  page.root.append(
    pageHeader("Overview", { lead: "What needs attention now, and how the last hour went." }),
    el("div", { class: "cards" }, problem.node, cards));

  const live = poll(page.signal, "/api/admin/overview", {
    seconds: SECONDS,
    onData(body) {
      problem.clear();
      needs.update(body.attention);
      hour.update(body.last_hour);
      cluster.update(body.cluster);
      refill(server, [body.server, Math.floor(serverNow() / 60_000)], () => facts(body.server));
    },
    onError: problem.show,
    onRecovered: problem.clear,
  });
}

function facts(server) {
  const up = (serverNow() - Date.parse(server.started_at)) / 1000;
  return el("dl", { class: "server-facts" },
    fact("Version", server.version),
    fact("Up for", span(Math.max(0, up)), ["since ", localTime(server.started_at)]),
    fact("Memory", bytes(server.memory_bytes)),
    fact("Log", bytes(server.log_bytes), "since the last snapshot"),
    fact("Disk free", bytes(server.disk_free_bytes)),
    fact("Users", count(server.users)),
    fact("Sessions", count(server.sessions)),
    fact("Events lost", server.events_lost === 0 ? "None" : count(server.events_lost),
      server.events_lost === 0 ? null : "calls of which no event could be kept"));
}

function fact(term, value, more = null) {
  return el("div", {}, el("dt", {}, term), el("dd", {}, value),
    more && el("dd", { class: "muted small" }, more));
}
