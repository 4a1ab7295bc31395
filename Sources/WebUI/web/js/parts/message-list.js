// The last text messages: what became of them. Neither their numbers nor their texts are kept.

import { el, fill } from "../dom.js";
import { relativeTime } from "../time.js";
import { cell } from "./cell.js";
import { copyable, traceLink } from "./copy.js";
import { emptyState, skeleton } from "./notices.js";
import { counted } from "./numbers.js";
import { refillList } from "./refill.js";
import { MESSAGE_STATES, stateBadge } from "./states.js";

const HEADINGS = ["Tried", "State", "Kind", "Twilio’s id", "Code", "Trace"];
const LATER_MILLISECONDS = 1000;
/** Twilio's own numbers have a page each. */
const TWILIO_CODE = /^\d{5}$/;

/** → { node, update(messages) } */
export function messageList() {
  const body = el("tbody", {});
  const table = el("div", { class: "table-wrap messages-wrap" },
    el("table", { class: "table rows messages" },
      el("caption", { class: "visually-hidden" }, "The last text messages, newest first"),
      el("thead", {}, el("tr", {}, HEADINGS.map((word) => el("th", { scope: "col" }, word)))),
      body));
  const foot = el("div", {});
  const node = el("div", {}, el("div", { class: "card-body" }, skeleton("", "half", "", "half")));

  function update(messages) {
    if (messages.length === 0) {
      fill(node, emptyState("alerts", "No message yet",
        "Test messages and alerts of programs appear here, with what became of them."));
      return;
    }
    if (!node.contains(table)) fill(node, table, foot);
    refillList(body, messages, { id: (one) => one.trace_id + one.at, draw: row });
    const unclear = messages.filter((one) => one.status === "ambiguous").length;
    fill(foot, unclear > 0 && el("p", { class: "messages-note small" },
      el("strong", {}, `${counted(unclear, "message")} ambiguous. `),
      "The connection broke before Twilio’s answer came: it may or may not have been sent. "
        + "Look it up in Twilio’s message log before you send it again."));
  }

  return { node, update };
}

function row(message) {
  return el("tr", {},
    cell("Tried", relativeTime(message.at)),
    cell("State", el("span", { class: "row" },
      stateBadge(MESSAGE_STATES, message.status),
      wasHeardOfLater(message) && el("span", { class: "muted small" },
        relativeTime(message.updated_at)))),
    cell("Kind", message.test ? "Test" : "Alert"),
    cell("Twilio’s id", message.provider_message_id
      ? copyable(message.provider_message_id, "Twilio’s id of the message") : dash()),
    cell("Code", message.error_code ? code(message.error_code) : dash()),
    cell("Trace", traceLink(message.trace_id)));
}

function wasHeardOfLater({ at, updated_at: updatedAt }) {
  return Date.parse(updatedAt) - Date.parse(at) > LATER_MILLISECONDS;
}

function code(text) {
  const shown = el("code", {}, text);
  if (!TWILIO_CODE.test(text)) return shown;
  return el("a", {
    href: `https://www.twilio.com/docs/errors/${text}`, target: "_blank", rel: "noreferrer",
    title: "What Twilio says of this code",
  }, shown);
}

const dash = () => el("span", { class: "muted" }, "–");
