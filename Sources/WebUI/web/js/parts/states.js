// The words for states: what the API calls them, what people read, and how it looks.

import { el } from "../dom.js";
import { badge } from "./notices.js";

/** Categories of integrations. */
export const CATEGORIES = {
  sms: "Text messages",
  broker: "Broker",
  market_data: "Market data",
  llm: "Language models",
  news: "News",
  alt_data: "Alternative data",
};

/** Groups of integrations, in the order in which people want to see them. */
export const ATTENTION = "attention";
export const WORKING = "working";
export const UNPROVEN = "unproven";
export const NOT_CONFIGURED = "not_configured";
export const GROUPS = [
  [ATTENTION, "Needs attention"],
  [WORKING, "Working"],
  [UNPROVEN, "Not proven"],
  [NOT_CONFIGURED, "Not configured"],
];

/** error_code of an integration → kind of badge, and the word. */
export const TROUBLES = {
  not_configured: ["plain", "Not configured"],
  env_malformed: ["bad", "Can’t be right"],
  unproven: ["plain", "Not proven"],
  auth_failed: ["bad", "Credentials refused"],
  unreachable: ["bad", "Unreachable"],
  provider_down: ["bad", "Provider down"],
  rate_limited: ["warn", "Rate limited"],
  quota_exhausted: ["warn", "Quota used up"],
};

/** The group of an integration's status. */
export function groupOf(row) {
  if (row.error_code === "not_configured") return NOT_CONFIGURED;
  if (row.error_code === "unproven") return UNPROVEN;
  return row.error_code === null ? WORKING : ATTENTION;
}

/** Bad before warnings, then the groups' order; equal ones stay in the catalogue's order. */
export function byUrgency(one, other) {
  return urgency(one) - urgency(other);
}

function urgency(row) {
  const group = groupOf(row);
  if (group === ATTENTION) return TROUBLES[row.error_code]?.[0] === "warn" ? 1 : 0;
  return 2 + GROUPS.findIndex(([name]) => name === group);
}

/** Status of a usage event → kind, word, what it means. */
export const EVENT_STATES = {
  ok: ["ok", "OK", "It ended as it should."],
  error: ["bad", "Error", "The provider answered with a failure."],
  timeout: ["bad", "Timeout", "The provider did not answer in time."],
  aborted_upstream: ["bad", "Broken off", "The provider broke the answer off."],
  aborted_client: ["warn", "Caller left", "The caller went away before the end."],
  interrupted: ["warn", "Interrupted", "The server stopped in the middle; nobody knows more."],
  ambiguous: ["warn", "Ambiguous", "It may or may not have happened. It is not repeated."],
  refused: ["plain", "Refused", "Never sent: a rule of this server stood against it."],
  pending: ["accent", "Under way", "Not finished, so not counted yet."],
};

/** Who says that a use happened. */
export const EVENT_SOURCES = {
  observed: ["observed", "Made through this server."],
  reported: ["reported", "A caller says that it made the call."],
  probe: ["probe", "This server’s own test of the connection; never counted as a use."],
};

/** Status of a text message → kind, word, what it means. */
export const MESSAGE_STATES = {
  accepted: ["accent", "Accepted", "Twilio has it and will choose a number to send it from."],
  scheduled: ["accent", "Scheduled", "Twilio sends it later."],
  queued: ["accent", "Queued", "Twilio has it in its queue."],
  sending: ["accent", "Sending", "Twilio is handing it to the carrier."],
  sent: ["accent", "Sent", "The carrier has it."],
  partially_delivered: ["warn", "Partly delivered", "Some of its recipients have it."],
  delivered: ["ok", "Delivered", "The carrier says that the phone has it."],
  read: ["ok", "Read", "It was opened."],
  undelivered: ["bad", "Undelivered", "The carrier could not deliver it."],
  failed: ["bad", "Failed", "It could not be sent."],
  canceled: ["plain", "Canceled", "It was called back at Twilio."],
  ambiguous: ["warn", "Ambiguous", "It may or may not have been sent. It is not sent again."],
  refused: ["plain", "Refused", "Never sent: a rule of this server stood against it."],
};

/** A state of a table above; what this console does not know yet is shown as the API says it. */
export function stateOf(table, name) {
  return table[name] ?? ["plain", name, ""];
}

/** The same as a badge that says on a look what it means. */
export function stateBadge(table, name) {
  const [kind, word, meaning] = stateOf(table, name);
  // What is on its way is neither good nor bad yet.
  const iconName = kind === "accent" ? "clock" : undefined;
  return el("span", { title: meaning || null }, badge(kind, word, { iconName }));
}
