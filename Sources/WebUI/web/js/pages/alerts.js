// Alerts: whether text messages can be sent, a test, and what became of the last ones.

import { el, fill } from "../dom.js";
import { advice } from "../parts/advice.js";
import { dayChart } from "../parts/day-chart.js";
import { facts } from "../parts/facts.js";
import { icon } from "../parts/icons.js";
import { messageList } from "../parts/message-list.js";
import { notice, pageHeader, skeleton } from "../parts/notices.js";
import { count } from "../parts/numbers.js";
import { problemArea } from "../parts/problem.js";
import { refill } from "../parts/refill.js";
import { smsTest } from "../parts/sms-test.js";
import { statsKeeper } from "../parts/stats.js";
import { poll } from "../poll.js";
import * as session from "../session.js";

export const title = "Alerts";
export const styles = ["cards", "tables", "facts", "charts", "alerts"];

const SECONDS = 5;
const CHART_HEIGHT = 56;

export function render(page) {
  const view = facts(dayChart(CHART_HEIGHT));
  const state = el("div", {}, el("div", { class: "card-body" }, skeleton("short", "", "half", "")));
  const terms = el("div", { class: "terms" });
  const problem = problemArea({
    retry: () => live.refresh(),
    onLoss: (isLost) => cards.forEach((one) => { one.hidden = isLost; }),
  });
  const test = smsTest({ refresh: () => live.refresh() });
  const testBody = el("div", { class: "card-body" }, skeleton("half", "", "short"));
  const messages = messageList();
  let last = null;

  const twilio = el("section", { class: "card", "aria-labelledby": "twilio" },
    el("header", { class: "card-header" },
      el("div", {}, el("h2", { id: "twilio" }, "Twilio"),
        el("p", {}, "Sends the text messages of this server.")),
      el("a", { class: "button small", href: "#/connections?open=twilio" },
        icon("list"), "Events")),
    state, terms);
  const cards = [
    twilio,
    card("Test message", "Shows whether a message really arrives.", testBody),
    card("Last messages", "Their numbers and texts are not kept.", messages.node),
  ];
  page.root.append(
    pageHeader("Alerts", {
      lead: "Text messages of this server: whether they can be sent, and what became of them.",
    }),
    el("div", { class: "cards" }, problem.node, cards));

  const stats = statsKeeper(page.signal, () => last && view.update(last, stats.of(last.id)));
  stats.watch(twilio, "twilio");
  const live = poll(page.signal, "/api/alerts/status", {
    seconds: SECONDS,
    onData(status) {
      problem.clear();
      last = status;
      show(status);
    },
    onError: problem.show,
    onRecovered: problem.clear,
  });

  function show(status) {
    if (!page.root.contains(test.node)) fill(testBody, test.node);
    test.update(status);
    messages.update(status.messages);
    refill(terms, [status.delivery_reports, status.limits, status.configured], drawTerms);
    // A catalogue of the operator's own may have no Twilio: then there is nothing to count.
    if (!status.id) {
      refill(state, status.error_code, () => el("div", { class: "card-body" },
        notice("warn", "Twilio is not in this server’s catalogue", advice(
          status.suggested_fix ?? ""))));
      return;
    }
    if (!state.contains(view.node)) fill(state, view.node);
    view.update(status, stats.of(status.id));
    stats.learn(status);
  }

  const stopWatching = session.onChange(() => last && test.update(last));
  return () => {
    stopWatching();
    stats.stop();
    test.stop();
  };
}

function card(title, text, ...content) {
  return el("section", { class: "card" },
    el("header", { class: "card-header" }, el("div", {}, el("h2", {}, title), el("p", {}, text))),
    content);
}

function drawTerms([hasReports, limits, isConfigured]) {
  return el("dl", { class: "facts small" },
    isConfigured && [
      el("dt", {}, "Delivery reports"),
      el("dd", {}, hasReports
        ? "On: Twilio tells what becomes of each message."
        : advice("Off: set COUNTERSIGN_PUBLIC_URL to where Twilio reaches this server, and start "
          + "it again. Until then a state ends at “Queued”.")),
    ],
    el("dt", {}, "Limits"),
    el("dd", {}, `${count(limits.test_per_user_day)} tests a day for each user, `
      + `${count(limits.test_per_installation_day)} in all; `
      + `${count(limits.per_number_hour)} messages an hour to one number.`));
}
