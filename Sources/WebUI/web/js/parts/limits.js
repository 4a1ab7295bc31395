// What a provider said last of its own rate limits.

import { el } from "../dom.js";
import { ago, relativeTime } from "../time.js";
import { count } from "./numbers.js";

const EPOCH_SECONDS = /^\d{10}$/;
const DATE = /^\d{4}-\d\d-\d\dT/;

/** `rate_limits` as GET /api/integrations/{id}/stats has them. */
export function providerLimits({ rate_limits: told }) {
  return el("details", { class: "limits small" },
    el("summary", {}, summary(told)),
    el("dl", {}, told.limits.map((one) => [
      el("dt", {}, one.name.replaceAll("_", " ")),
      el("dd", {}, left(one), one.reset !== null && [", ", reset(one.reset)]),
    ])),
    el("p", { class: "muted" }, "As the provider said ", relativeTime(told.at), "."));
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
