// Trace: what happened under one trace id, from the request to the answer.

import { el, fill } from "../dom.js";
import { copyable } from "../parts/copy.js";
import { icon } from "../parts/icons.js";
import { pageHeader, skeleton } from "../parts/notices.js";
import { problemArea } from "../parts/problem.js";
import { refill } from "../parts/refill.js";
import { isFinal } from "../parts/sms-progress.js";
import { traceLookup } from "../parts/trace-lookup.js";
import { traceStory } from "../parts/trace-story.js";
import { poll } from "../poll.js";

export const title = "Trace";
export const styles = ["cards", "trace"];

const SECONDS = 4;
const TRACE_ID = /^[0-9a-f]{32}$/;

export function render(page) {
  const id = (page.params.id ?? "").toLowerCase();
  const problem = problemArea({
    retry: () => live?.refresh(),
    onLoss: (isLost) => { content.hidden = isLost; },
  });
  let live = null;
  const content = el("div", {}, el("div", { class: "card" },
    el("div", { class: "card-body" }, skeleton("half", "", "tall", "short"))));
  page.root.append(
    pageHeader("Trace", {
      lead: id ? copyable(id, "trace id") : "What happened under the id that an answer carried.",
      actions: [traceLookup((found) => page.go(`traces/${found}`))],
    }),
    el("div", { class: "cards" }, problem.node, content));
  if (!id) {
    fill(content, howToFindOne());
    return;
  }
  if (!TRACE_ID.test(id)) {
    fill(content, malformed());
    return;
  }

  live = poll(page.signal, `/api/traces/${id}`, {
    seconds: SECONDS,
    onData({ trace }) {
      problem.clear();
      refill(content, trace, () => traceStory(trace));
      if (isOver(trace)) live.stop();
    },
    onError(error, hasData) {
      if (error.status !== 404) {
        problem.show(error, hasData);
        return;
      }
      live.stop();
      problem.clear();
      fill(content, unknown());
    },
    onRecovered: problem.clear,
  });
}

/** Whether nothing more will happen under it. */
function isOver({ usage_events: events, messages }) {
  return events.every((event) => event.status !== "pending")
    && messages.every((message) => isFinal(message.status));
}

function unknown() {
  return state("Nothing is known under this id", [
    "Check the id against the answer or the event that you have it from.",
    "It may belong to somebody else: you see what you did yourself, and administrators see all.",
    "The server keeps only recent requests. Usage events and text messages stay longer, and are "
      + "found here as long as they do.",
    "It may be the id of another server.",
  ]);
}

function malformed() {
  return state("That is no trace id", [
    "A trace id has 32 digits from 0 to 9 and a to f.",
    "It is in each answer of the API as “trace_id”, and in its header “x-trace-id”.",
  ]);
}

function howToFindOne() {
  return state("Look up a trace", [
    "Each answer of the API carries its trace id as “trace_id”, and in its header “x-trace-id”.",
    "Events, messages and errors in this console lead here by theirs.",
  ]);
}

function state(heading, lines) {
  return el("section", { class: "card" },
    el("div", { class: "card-body trace-state" }, icon("search"),
      el("div", {},
        el("h2", {}, heading),
        el("ul", { class: "plain-list" }, lines.map((line) => el("li", {}, line))))));
}
