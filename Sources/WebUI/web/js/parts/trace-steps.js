// The steps of a trace's story: { at, kind, icon, title, badges, text, facts: [[term, value]] }.

import { el } from "../dom.js";
import { activityKind } from "./activity-kinds.js";
import { copyable } from "./copy.js";
import { badge } from "./notices.js";
import { bytes, count, milliseconds } from "./numbers.js";
import { EVENT_SOURCES, EVENT_STATES, MESSAGE_STATES, stateBadge, stateOf } from "./states.js";

const FEW_MILLISECONDS = 20;
const CALLERS = { anonymous: "Nobody signed in", session: "A person", token: "A token" };

export function requestStep(request) {
  return {
    at: request.at, kind: "plain", icon: "arrow",
    title: [request.method, " ", el("code", {}, request.route)],
    badges: null, text: "A request arrived.",
    facts: [["Caller", who(request.caller)]],
  };
}

export function decisionStep({ at, decision }) {
  const isAllowed = decision.outcome === "allowed";
  return {
    at, kind: isAllowed ? "ok" : "bad", icon: "shield",
    title: isAllowed ? "Allowed" : "Refused",
    badges: null, text: decision.reason,
    facts: [],
  };
}

export function securityStep(event) {
  const { iconName, isNotable, words } = activityKind(event.kind);
  return {
    at: event.at, kind: isNotable ? "warn" : "plain", icon: iconName, title: words,
    badges: event.count > 1 && badge("plain", `${count(event.count)} times in a row`),
    text: null,
    facts: [["Kind", el("code", {}, event.kind)], ["Address", event.address],
      ["Client", event.user_agent || null]],
  };
}

export function usageStep(event) {
  const [kind, , meaning] = stateOf(EVENT_STATES, event.status);
  return {
    at: event.at, kind, icon: "connections",
    title: el("a", { href: `#/connections?open=${encodeURIComponent(event.integration)}` },
      `Use of ${event.integration}`),
    badges: [stateBadge(EVENT_STATES, event.status),
      event.http_status !== null && el("span", { class: "muted small" },
        `HTTP ${event.http_status}`)],
    text: meaning,
    facts: [
      ["Operation", el("code", {}, event.operation)],
      ["Error code", event.error_code && el("code", {}, event.error_code)],
      ["Took", took(event)],
      ["Units", units(event.units)],
      ["Bytes", size(event)],
      ["Source", EVENT_SOURCES[event.source]?.join(": ") ?? event.source],
      ["Reporter", event.reporter],
      ["Reporter’s id", event.event_id && copyable(event.event_id, "the reporter’s id")],
      ["Provider’s request id", event.provider_request_id
        && copyable(event.provider_request_id, "the provider’s request id")],
      ["Event", copyable(event.id, "the event’s id")],
    ],
  };
}

export function messageStep(message) {
  const [kind, , meaning] = stateOf(MESSAGE_STATES, message.status);
  return {
    at: message.at, kind, icon: "alerts",
    title: el("a", { href: "#/alerts" }, message.test ? "Test message" : "Text message"),
    badges: stateBadge(MESSAGE_STATES, message.status), text: meaning,
    facts: [
      ["Twilio’s id", message.provider_message_id
        && copyable(message.provider_message_id, "Twilio’s id of the message")],
      ["Error code", message.error_code && el("code", {}, message.error_code)],
    ],
  };
}

export function answerStep(request) {
  const kind = request.status < 400 ? "ok" : request.status < 500 ? "warn" : "bad";
  const passed = request.duration_us / 1000;
  return {
    at: new Date(Date.parse(request.at) + passed).toISOString(),
    kind, icon: kind === "ok" ? "check" : "error",
    title: `Answered ${request.status}`, badges: null,
    text: `After ${exactly(passed)}.`,
    facts: [["Error code", request.error_code && el("code", {}, request.error_code)]],
  };
}

function who({ kind, id, name }) {
  if (!id) return CALLERS[kind];
  return [`${CALLERS[kind]}, ${name} `, copyable(id, "the caller’s id")];
}

/** Much of what this server does takes less than a few milliseconds. */
function exactly(passed) {
  return passed < FEW_MILLISECONDS ? `${passed.toFixed(1)} ms` : milliseconds(Math.round(passed));
}

function took({ latency_ms: whole, upstream_ms: upstream }) {
  if (whole === null) return null;
  return milliseconds(whole)
    + (upstream === null ? "" : `, ${milliseconds(upstream)} of it at the provider`);
}

function units(amounts) {
  if (!amounts) return null;
  return Object.entries(amounts)
    .map(([name, amount]) => `${count(amount)} ${name.replaceAll("_", " ")}`).join(", ");
}

function size({ bytes_in: sent, bytes_out: received }) {
  if (sent === null && received === null) return null;
  return `${bytes(sent)} sent, ${bytes(received)} received`;
}
