// How far a text message has come, as Twilio reports it.

import { el } from "../dom.js";
import { relativeTime } from "../time.js";
import { icon } from "./icons.js";
import { notice } from "./notices.js";
import { MESSAGE_STATES, stateOf } from "./states.js";

const STEPS = ["Twilio has it", "The carrier has it", "The phone has it"];
/** How many of the steps a state stands for. */
const REACHED = {
  accepted: 1, scheduled: 1, queued: 1, sending: 1, sent: 2, partially_delivered: 3, delivered: 3,
  read: 3, failed: 0, canceled: 1, undelivered: 2, ambiguous: 0,
};
const FAILED = new Set(["failed", "undelivered", "canceled"]);
const FINAL = new Set([...FAILED, "partially_delivered", "delivered", "read", "ambiguous"]);

/** Whether nothing more will be heard of it. */
export const isFinal = (status) => FINAL.has(status);

/** `message` as GET /api/alerts/status has it. */
export function smsProgress(message, hasReports) {
  const [, word, meaning] = stateOf(MESSAGE_STATES, message.status);
  const reached = REACHED[message.status] ?? 0;
  return [
    el("ol", { class: "progress-steps" }, STEPS.map((text, place) =>
      step(text, stepState(message.status, reached, place)))),
    el("p", { class: "small" }, el("strong", {}, word), `: ${meaning} `,
      message.error_code && ["Code ", el("code", {}, message.error_code), ". "],
      el("span", { class: "muted" }, relativeTime(message.updated_at))),
    !hasReports && !isFinal(message.status) && notice("plain", "This is all that will be known",
      "Without COUNTERSIGN_PUBLIC_URL Twilio is not asked to report on deliveries. "
        + "Look at the phone."),
  ];
}

function stepState(status, reached, place) {
  if (place < reached) return "done";
  if (place === reached && FAILED.has(status)) return "failed";
  return place === reached && !isFinal(status) ? "waiting" : "open";
}

const WORDS = { done: "done", failed: "failed", waiting: "waiting for it", open: "not reached" };

function step(text, state) {
  return el("li", { class: state },
    el("span", { class: "dot", "aria-hidden": "true" },
      state === "done" && icon("check"), state === "failed" && icon("close")),
    text, el("span", { class: "visually-hidden" }, `: ${WORDS[state]}`));
}
