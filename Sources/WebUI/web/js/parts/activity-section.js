// Settings: what happened to this account's security.

import { el, fill } from "../dom.js";
import { poll } from "../poll.js";
import { relativeTime } from "../time.js";
import { activityKind } from "./activity-kinds.js";
import { traceLink } from "./copy.js";
import { icon } from "./icons.js";
import { emptyState, errorPanel, skeleton } from "./notices.js";
import { refill, refillList } from "./refill.js";
import { section } from "./section.js";
import { deviceName } from "./user-agent.js";

const SECONDS = 30;
const SHOWN_MAX = 8;

/** → { node, refresh } */
export function activitySection(page) {
  const list = el("ul", { class: "entries" });
  const more = el("div", { class: "entries-foot" });
  const body = el("div", { class: "card-body" }, skeleton("half", "", "", ""));
  let shownCount = SHOWN_MAX;
  let events = [];

  const live = poll(page.signal, "/api/auth/activity", {
    seconds: SECONDS,
    onData(answer) {
      events = answer.events;
      draw();
    },
    onError(error, hasData) {
      if (!hasData) fill(body, errorPanel(error, { retry: live.refresh }));
    },
  });

  function draw() {
    if (events.length === 0) {
      fill(body, emptyState("clock", "Nothing yet", "Sign-ins and security changes appear here."));
      return;
    }
    if (!list.isConnected) {
      body.classList.add("flush");
      fill(body, list, more);
    }
    refillList(list, events.slice(0, shownCount), {
      id: (event) => `${event.trace_id} ${event.kind}`,
      draw: entry,
    });
    more.hidden = events.length <= shownCount;
    refill(more, events.length, (count) => el("button", {
      type: "button", class: "button small", onclick: showAll,
    }, `Show all ${count}`));
  }

  function showAll() {
    shownCount = Infinity;
    draw();
    list.children[SHOWN_MAX]?.querySelector("a")?.focus();
  }

  return {
    node: section("Recent activity",
      "Security events of this account, newest first. Each has its trace.", body),
    refresh: live.refresh,
  };
}

function entry(event) {
  const { iconName, isNotable, words } = activityKind(event.kind);
  return el("li", { class: isNotable ? "entry-line notable" : "entry-line" },
    icon(iconName),
    el("div", {},
      el("p", {}, words, event.count > 1 && ` × ${event.count}`),
      el("p", { class: "muted small" },
        relativeTime(event.at), " · ", event.address, " · ",
        el("span", { title: event.user_agent }, deviceName(event.user_agent)))),
    traceLink(event.trace_id));
}
