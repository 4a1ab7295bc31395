// Sends a test message and follows it to the phone.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import * as session from "../session.js";
import { traceLink } from "./copy.js";
import { field, form } from "./form.js";
import { announce, notice } from "./notices.js";
import { refill } from "./refill.js";
import { isFinal, smsProgress } from "./sms-progress.js";
import { MESSAGE_STATES, stateOf } from "./states.js";

/** While a message is on its way, its state is asked for so often, … */
const FOLLOW_SECONDS = 1.5;
/** … and so long: carriers answer within seconds, or much later. */
const FOLLOW_SECONDS_MAX = 180;

/** → { node, update(status), stop() }: `refresh` asks for the status anew. */
export function smsTest({ refresh }) {
  const result = el("div", { class: "test-result" });
  const node = el("div", { class: "test-message" });
  let followed = null;
  let timer = null;
  let shape = null;

  function update(status) {
    const phone = session.user()?.phone_e164 ?? null;
    const wanted = JSON.stringify([status.configured, phone]);
    if (wanted !== shape) {
      shape = wanted;
      fill(node, content(status, phone));
    }
    show(status);
  }

  function content(status, phone) {
    if (!status.configured) {
      return el("p", { class: "muted" },
        "Nothing can be sent before Twilio is configured. See above for what is missing.");
    }
    if (!phone && !session.isAdmin()) {
      return notice("plain", "Your account has no phone number", "Test messages go to your own.", {
        foot: [el("a", { href: "#/settings" }, "Add your number in Settings")],
      });
    }
    return [el("div", { class: "stack" }, testForm(phone)), result];
  }

  function testForm(phone) {
    const other = session.isAdmin() ? field({
      name: "to", label: phone ? "Another number" : "Number", type: "tel", isOptional: !!phone,
      autocomplete: "off", placeholder: phone ?? "+14155550100",
      hint: phone ? "Administrators may test any number. Left empty, yours is taken."
        : "Your account has no number of its own, so name one, with country code.",
    }) : null;
    const view = form({
      fields: other ? [other] : [],
      submit: "Send test message",
      onSubmit: ({ to }) => send(to?.trim()),
    });
    return [
      phone && el("p", {}, "To your phone, ", el("span", { class: "nowrap" }, phone), "."),
      !phone && el("p", { class: "small" },
        el("a", { href: "#/settings" }, "Add your own number in Settings")),
      view.node,
    ];
  }

  async function send(to) {
    stopFollowing();
    followed = null;
    fill(result);
    try {
      const sent = await api.post("/api/alerts/sms/test", to ? { to } : {});
      announce(stateOf(MESSAGE_STATES, sent.status)[2]);
      follow(sent.trace_id);
    } catch (error) {
      if (error.code !== "ambiguous") throw error;
      fill(result, ambiguous(error));
    } finally {
      refresh();
    }
  }

  // Following

  function follow(traceID) {
    const since = Date.now();
    followed = { traceID, status: null };
    timer = setInterval(() => {
      if (Date.now() - since > FOLLOW_SECONDS_MAX * 1000) stopFollowing();
      else if (!document.hidden) refresh();
    }, FOLLOW_SECONDS * 1000);
  }

  function stopFollowing() {
    clearInterval(timer);
    timer = null;
  }

  function show(status) {
    const message = status.messages.find((one) => one.trace_id === followed?.traceID);
    if (!message) return;
    refill(result, [message, status.delivery_reports], () => [
      el("div", { class: "row-between" },
        el("h3", {}, "This message"), traceLink(message.trace_id)),
      smsProgress(message, status.delivery_reports),
    ]);
    if (followed.status !== null && followed.status !== message.status) {
      announce(stateOf(MESSAGE_STATES, message.status)[2]);
    }
    followed.status = message.status;
    if (isFinal(message.status) || !status.delivery_reports) stopFollowing();
  }

  return { node, update, stop: stopFollowing };
}

/** Neither a success nor a failure, and it must not look like one. */
function ambiguous(error) {
  return notice("warn", "It may or may not have been sent", [
    "Twilio gave no clear answer, so nobody here knows. This server never sends such a message ",
    "again by itself: you might get it twice. ", error.suggestedFix,
  ].join(""), { role: "alert", foot: [
    el("span", { class: "row" }, el("span", { class: "muted" }, "Trace"),
      traceLink(error.traceID)),
  ] });
}
