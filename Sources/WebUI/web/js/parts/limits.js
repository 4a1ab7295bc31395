// What a provider said last of its own rate limits.

import { el, fill } from "../dom.js";
import { ago, relativeTime } from "../time.js";
import { count } from "./numbers.js";
import { refill } from "./refill.js";

const EPOCH_SECONDS = /^\d{10}$/;
const DATE = /^\d{4}-\d\d-\d\dT/;

/** → { node, update(told) }, `told` as `rate_limits` of an integration's statistics, or null. */
export function providerLimits() {
  const line = el("summary", {});
  const body = el("div", {});
  // Kept, so that it stays open while its numbers change.
  const node = el("details", { class: "limits small", hidden: true }, line, body);

  function update(told) {
    node.hidden = !told || told.limits.length === 0;
    if (node.hidden) return;
    fill(line, summary(told));
    refill(body, told, () => [
      el("dl", {}, told.limits.map((one) => [
        el("dt", {}, one.name.replaceAll("_", " ")),
        el("dd", {}, left(one), one.reset !== null && [", ", reset(one.reset)]),
      ])),
      el("p", { class: "muted" }, "As the provider said ", relativeTime(told.at), "."),
    ]);
  }

  return { node, update };
}

function summary({ limits }) {
  const used = limits.find(({ remaining }) => remaining === "0");
  const shown = used ?? limits[0];
  return `Provider’s limit: ${left(shown)} (${shown.name.replaceAll("_", " ")})`;
}

function left({ limit, remaining }) {
  if (remaining === null) return `${number(limit)} in all`;
  if (limit === null) return `${number(remaining)} left`;
  return `${number(remaining)} of ${number(limit)} left`;
}

/** Each provider writes its own way; only what is surely a number or a time is read as one. */
function number(text) {
  return /^\d{1,15}$/.test(text) ? count(Number(text)) : text;
}

function reset(text) {
  const time = EPOCH_SECONDS.test(text) ? Number(text) * 1000 : DATE.test(text) && Date.parse(text);
  if (!time) return `reset ${text}`;
  const iso = new Date(time).toISOString();
  return [ago(iso).startsWith("in") ? "resets " : "was reset ", relativeTime(iso)];
}
