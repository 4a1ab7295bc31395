// "Probe now": tests a connection for free, and says what exactly came back.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { traceLink } from "./copy.js";
import { actionButton } from "./form.js";
import { announce, errorPanel } from "./notices.js";
import { milliseconds } from "./numbers.js";
import { EVENT_STATES, stateBadge } from "./states.js";

/** The probe's event is among the newest, unless callers are very busy. */
const EVENTS_LOOKED_AT = 200;

/** → { button, result }; `onStatus(row)` gets the integration's new status. */
export function probe({ id, name, onStatus }) {
  const result = el("div", { class: "probe-result" });
  const button = actionButton("Probe now", async () => {
    const answer = await api.post(`/api/integrations/${encodeURIComponent(id)}/probe`);
    onStatus(answer.status);
    const event = await findEvent(answer.trace_id);
    fill(result, event ? outcome(event) : underWay());
    announce(`${name}: ${result.textContent}`);
  }, {
    kind: "small",
    name: `Probe now: ${name}`,
    onError: (error) => fill(result, errorPanel(error)),
  });

  /** The status tells what counts as evidence; only the event tells what this probe was told. */
  async function findEvent(traceID) {
    const path = `/api/integrations/${encodeURIComponent(id)}/events?limit=${EVENTS_LOOKED_AT}`;
    const { events } = await api.get(path);
    return events.find((event) => event.trace_id === traceID && event.source === "probe");
  }

  return { button, result };
}

function outcome(event) {
  const said = event.http_status === null ? "no answer" : `HTTP ${event.http_status}`;
  return el("p", { class: "row small" },
    el("span", {}, "Probed just now:"),
    stateBadge(EVENT_STATES, event.status),
    el("span", {}, `${said} in ${milliseconds(event.latency_ms)}`),
    event.error_code && el("code", {}, event.error_code),
    traceLink(event.trace_id));
}

function underWay() {
  return el("p", { class: "small" },
    "A probe was under way already; what it finds is shown as evidence.");
}
