// What happened under a trace id, told in the order in which it happened.

import { el } from "../dom.js";
import { exactUTC } from "../time.js";
import { icon } from "./icons.js";
import { milliseconds } from "./numbers.js";
import {
  answerStep, decisionStep, messageStep, requestStep, securityStep, usageStep,
} from "./trace-steps.js";

const TIME_START = 11;
const TIME_END = 23;

/** `trace` as GET /api/traces/{trace_id} has it. */
export function traceStory(trace) {
  const steps = stepsOf(trace);
  const begin = Date.parse(steps[0].at);
  return el("section", { class: "card", "aria-labelledby": "story" },
    el("header", { class: "card-header" },
      el("h2", { id: "story" }, "What happened"),
      el("p", {}, dayOf(steps[0].at), ", times in UTC")),
    el("ol", { class: "story" }, steps.map((step, place) => el("li", { class: step.kind },
      el("div", { class: "when" },
        el("time", { datetime: step.at, title: exactUTC(step.at) }, clockOf(step.at)),
        el("span", { class: "muted small" },
          place === 0 ? "start" : offset(Date.parse(step.at) - begin))),
      el("span", { class: "dot" }, icon(step.icon)),
      el("div", { class: "what" },
        el("div", { class: "row" }, el("h3", {}, step.title), step.badges),
        step.text && el("p", {}, step.text),
        facts(step.facts))))));
}

/** Of what happened in the same millisecond, causes go before effects: the order of this list. */
function stepsOf({ requests, security_events: security, usage_events: usage, messages }) {
  const steps = [
    // Several requests may continue one trace. A decision has no time of its own: it is made as
    // soon as the request is read.
    ...requests.flatMap((request) => [requestStep(request), decisionStep(request)]),
    ...security.map(securityStep),
    ...usage.map(usageStep),
    ...messages.map(messageStep),
    ...requests.map(answerStep),
  ];
  return steps.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function facts(list) {
  const known = list.filter(([, value]) => value !== null && value !== undefined);
  return known.length > 0 && el("dl", { class: "step-facts small" }, known.map(([term, value]) => [
    el("dt", {}, term), el("dd", {}, value)]));
}

const clockOf = (at) => exactUTC(at).slice(TIME_START, TIME_END);
const offset = (passed) => (passed === 0 ? "+ 0 ms" : `+ ${milliseconds(passed)}`);

function dayOf(at) {
  return new Date(at).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}
