// The pop-out of an integration: its newest events as they come in, by status, and older ones.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { dayTable } from "./day-chart.js";
import { chips } from "./chips.js";
import { openDialog } from "./dialog.js";
import { eventFeed, PAGE } from "./event-feed.js";
import { eventRow, eventTable } from "./event-list.js";
import { actionButton } from "./form.js";
import { icon } from "./icons.js";
import { announce, emptyState, errorPanel, skeleton } from "./notices.js";
import { counted } from "./numbers.js";
import { problemArea } from "./problem.js";
import { refillList } from "./refill.js";
import { EVENT_STATES, stateOf } from "./states.js";

const ALL = "all";
const FAILURES = "failures";
const NO_FAILURE = new Set(["ok", "pending"]);
/** How long new rows are marked. */
const FRESH_MILLISECONDS = 2500;

/** openEvents(page.signal, row, onClose), `row` being the integration's status. Opens it. */
export function openEvents(signal, row, onClose) {
  const controller = new AbortController();
  const problem = problemArea({
    retry: () => feed.refresh(),
    onLoss: (isLost) => { place.hidden = isLost; },
  });
  const failure = el("div", {});
  const place = el("div", { class: "events-place" }, skeleton("", "half", "", "half", "", ""));
  const table = eventTable(`Events of ${row.name}, newest first`);
  const none = el("p", { class: "events-none muted" }, "None of these events has this status.");
  const filter = chips({ legend: "Show events with status", onChange: draw });
  filter.update([[ALL, "All", 0]]);
  let events = null;
  let isPaused = false;

  const feed = eventFeed(controller.signal, row.id, {
    onChange(newest) {
      events = newest;
      problem.clear();
      draw();
    },
    onError: (error) => problem.show(error, events !== null),
    onRecovered: problem.clear,
  });

  const pause = el("button", { type: "button", class: "button small", onclick: togglePause });
  const state = el("span", { class: "live" });
  function togglePause() {
    isPaused = !isPaused;
    if (isPaused) feed.stop();
    else feed.start();
    drawPause();
    announce(isPaused ? "Paused." : "Live again.");
  }
  function drawPause() {
    fill(pause, icon(isPaused ? "play" : "pause"), isPaused ? "Resume" : "Pause");
    fill(state, isPaused ? "Paused" : "Live");
    state.classList.toggle("is-paused", isPaused);
  }
  drawPause();

  function draw() {
    if (!events) return;
    filter.update(options(events));
    if (events.length === 0) {
      fill(place, emptyState("list", "No events yet",
        `Calls through this server, reports of callers and probes of ${row.name} appear here.`));
      foot.hidden = true;
      return;
    }
    if (!place.contains(table.node)) fill(place, table.node, none);
    const chosen = filter.value();
    const isFirst = table.body.childElementCount === 0;
    const shown = events.filter((event) => fits(event, chosen));
    const added = keepPlace(dialog.node, table.body,
      () => refillList(table.body, shown, { id: (event) => event.id, draw: eventRow }));
    if (!isFirst) added.forEach(markFresh);
    table.node.hidden = shown.length === 0;
    none.hidden = shown.length > 0;
    drawFoot(shown.length);
  }

  function drawFoot(shown) {
    const text = shown === events.length
      ? `The newest ${counted(shown, "event")}.`
      : `${counted(shown, "event")} of the newest ${events.length}.`;
    fill(said, text, feed.hasOlder() ? "" : " There are no older ones.");
    more.hidden = !feed.hasOlder();
    foot.hidden = false;
  }

  const said = el("p", { class: "muted small", tabindex: "-1" });
  const more = actionButton("Load older", async () => {
    fill(failure);
    const added = await feed.loadOlder();
    announce(`${counted(added, "older event")} loaded.`);
    if (!feed.hasOlder()) said.focus({ preventScroll: true });
  }, { kind: "small", iconName: "down", onError: (error) => fill(failure, errorPanel(error)) });

  const foot = el("div", { class: "events-foot", hidden: true }, said, more);

  const dialog = openDialog({
    title: `Events of ${row.name}`,
    size: "wide",
    content: [
      el("div", { class: "events-bar" }, filter.node, el("div", { class: "row" }, state, pause)),
      problem.node, place, failure, foot, byHour(row.id, controller.signal),
    ],
    onClose() {
      controller.abort();
      onClose();
    },
  });
  dialog.node.classList.add("events-dialog");
  signal.addEventListener("abort", () => controller.abort(), { once: true });
}

function byHour(id, signal) {
  const table = el("div", {});
  async function load() {
    if (!details.open) return;
    fill(table, skeleton("", "half", ""));
    try {
      const path = `/api/integrations/${encodeURIComponent(id)}/stats?hours=24`;
      fill(table, dayTable((await api.get(path, { signal })).hours));
    } catch (error) {
      if (!(error instanceof api.APIError)) throw error;
      if (!error.isCancelled) fill(table, errorPanel(error, { retry: load }));
    }
  }
  const details = el("details", { class: "by-hour", ontoggle: load },
    el("summary", {}, "The last 24 hours in numbers"), table);
  return details;
}

// Filtering

function options(events) {
  const numbers = new Map();
  for (const { status } of events) numbers.set(status, (numbers.get(status) ?? 0) + 1);
  const failures = events.filter(({ status }) => !NO_FAILURE.has(status)).length;
  const known = Object.keys(EVENT_STATES).filter((name) => numbers.has(name));
  const others = [...numbers.keys()].filter((name) => !(name in EVENT_STATES));
  return [
    [ALL, "All", events.length],
    [FAILURES, "All failures", failures],
    ...[...known, ...others].map((name) => [name, stateOf(EVENT_STATES, name)[1],
      numbers.get(name)]),
  ];
}

function fits({ status }, chosen) {
  if (chosen === ALL) return true;
  return chosen === FAILURES ? !NO_FAILURE.has(status) : status === chosen;
}

// What comes in must not move what is being read

function keepPlace(scroller, body, change) {
  const edge = scroller.getBoundingClientRect().top;
  const isAtTop = scroller.scrollTop < body.offsetTop;
  const anchor = isAtTop ? null : [...body.children]
    .find((node) => node.getBoundingClientRect().bottom > edge);
  const before = anchor?.getBoundingClientRect().top;
  const result = change();
  if (anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  return result;
}

function markFresh(node) {
  node.classList.add("is-fresh");
  setTimeout(() => node.classList.remove("is-fresh"), FRESH_MILLISECONDS);
}
