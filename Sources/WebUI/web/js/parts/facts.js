// The three facts about an integration, kept apart: what is configured, what has been seen to work,
// and what was really used. None of them says anything about the others.

import { el } from "../dom.js";
import { relativeTime } from "../time.js";
import { advice } from "./advice.js";
import { legendItem } from "./charts.js";
import { copyable, traceLink } from "./copy.js";
import { providerLimits } from "./limits.js";
import { badge } from "./notices.js";
import { count, milliseconds } from "./numbers.js";
import { refill } from "./refill.js";
import { hasStats } from "./stats.js";
import { TROUBLES } from "./states.js";

const EVIDENCE = { traffic: "A call", probe: "A probe", callback: "A callback" };

/**
 * facts(chart) → { node, update(row, stats) }
 *
 * `row` is the integration as GET /api/integrations/status has it, `stats` its statistics or null
 * as long as they are not known. `chart` is a dayChart. Needs css/facts.css and css/charts.css.
 */
export function facts(chart) {
  const cells = ["Configured", "Connected", "Proof of use, 24 h"].map((title) => {
    const body = el("div", { class: "fact-body" });
    return { body, node: el("div", { class: "fact" }, el("h3", {}, title), body) };
  });
  const [setting, connection, use] = cells.map((cell) => cell.body);
  const counts = el("div", { class: "use-counts" });
  const pace = el("div", { class: "use-pace" });
  const limits = providerLimits();
  use.classList.add("use");
  use.append(counts, chart.node, pace, limits.node);

  const node = el("div", { class: "facts-row" }, cells.map((cell) => cell.node));

  function update(row, stats) {
    // What is missing needs the room then, and the other two have little to say.
    node.classList.toggle("is-unconfigured", !row.configured);
    refill(setting, [row.configured, row.missing_env_vars, row.error_code, row.suggested_fix],
      () => configured(row));
    refill(connection, [row.configured, row.connected, row.error_code, row.suggested_fix,
      row.evidence], () => connected(row));
    refill(counts, [row.proof_of_use_count_24h, row.failures_24h, row.reported_count_24h,
      row.last_used_at], () => used(row));
    // Its place is kept while the numbers are on their way.
    chart.node.hidden = !hasStats(row);
    if (stats) chart.update(stats.hours);
    pace.classList.toggle("is-waiting", hasStats(row) && !stats);
    refill(pace, stats?.latency_ms, () => (stats ? latency(stats) : []));
    limits.update(stats?.rate_limits);
  }

  return { node, update };
}

function configured(row) {
  if (row.configured) return badge("ok", "Configured");
  const [kind, word] = TROUBLES[row.error_code] ?? ["plain", "Not configured"];
  return [
    badge(kind, word),
    row.missing_env_vars.length > 0 && el("ul", { class: "variables" },
      row.missing_env_vars.map((name) => el("li", {}, copyable(name, `the name ${name}`)))),
    row.suggested_fix && el("p", { class: "fix small" }, advice(row.suggested_fix)),
  ];
}

function connected(row) {
  if (!row.configured) {
    return el("p", { class: "muted small" }, "There is nothing to connect with yet.");
  }
  const [kind, word] = TROUBLES[row.error_code] ?? [null, null];
  return [
    el("div", { class: "row" },
      row.connected ? badge("ok", "Connected") : badge(kind ?? "bad", word ?? "Not connected"),
      row.connected && word && badge(kind, word)),
    row.evidence && evidence(row),
    row.suggested_fix && el("p", { class: "fix small" }, advice(row.suggested_fix)),
  ];
}

function evidence({ evidence: one, connected: isConnected, error_code: code }) {
  const status = one.http_status === null ? null : `HTTP ${one.http_status}`;
  return el("dl", { class: "evidence small" },
    el("dt", {}, "Evidence"),
    el("dd", {}, [EVIDENCE[one.kind] ?? one.kind, status].filter(Boolean).join(", "), ", ",
      relativeTime(one.at)),
    isConnected && [el("dt", {}, "Expires"), el("dd", {}, relativeTime(one.expires_at))],
    code === "unproven" && [el("dt", {}, "Expired"), el("dd", {}, relativeTime(one.expires_at))],
    code && code !== "unproven" && [el("dt", {}, "Code"), el("dd", {}, el("code", {}, code))],
    el("dt", {}, "Trace"), el("dd", {}, traceLink(one.trace_id)));
}

function used(row) {
  return [
    el("dl", { class: "counts" },
      number("ok", row.proof_of_use_count_24h, "ok"),
      number("failed", row.failures_24h, "failed"),
      number("reported", row.reported_count_24h, "reported",
        "Of both, what callers reported and this server did not see itself")),
    el("p", { class: "muted small" },
      row.last_used_at ? ["Last used ", relativeTime(row.last_used_at)] : "Never used."),
  ];
}

function number(key, value, word, title = null) {
  return el("div", { title, class: value === 0 ? "is-nothing" : null },
    el("dt", {}, legendItem(key, word)),
    el("dd", {}, count(value)));
}

function latency({ latency_ms: quantiles }) {
  if (quantiles.p50 === null) return [];
  return el("dl", { class: "quantiles small", title: "How long calls of the last 24 hours took" },
    ["p50", "p90", "p99"].map((name) => el("div", {},
      el("dt", {}, name), el("dd", {}, milliseconds(quantiles[name])))));
}
