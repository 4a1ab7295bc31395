// Settings: where this account is signed in.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { poll } from "../poll.js";
import { relativeTime } from "../time.js";
import { confirm } from "./dialog.js";
import { badge, errorPanel, skeleton, toast } from "./notices.js";
import { refill, refillList } from "./refill.js";
import { section } from "./section.js";
import { deviceName } from "./user-agent.js";

const SECONDS = 30;
const SHOWN_MAX = 8;

/** → { node, refresh } */
export function sessionsSection(page) {
  const list = el("ul", { class: "entries" });
  const foot = el("div", { class: "entries-foot" });
  const body = el("div", { class: "card-body" }, skeleton("half", "", ""));
  let showsAll = false;
  let sessions = [];

  const live = poll(page.signal, "/api/auth/sessions", {
    seconds: SECONDS,
    onData(answer) {
      sessions = [...answer.sessions].sort((one, other) => Number(other.current)
        - Number(one.current));
      draw();
    },
    onError(error, hasData) {
      if (!hasData) fill(body, errorPanel(error, { retry: live.refresh }));
    },
  });

  function draw() {
    if (!list.isConnected) {
      body.classList.add("flush");
      fill(body, list, foot);
    }
    const shown = showsAll ? sessions : sessions.slice(0, SHOWN_MAX);
    refillList(list, shown, { id: (one) => one.id, draw: entry });
    foot.hidden = sessions.length < 2;
    refill(foot, [shown.length < sessions.length, sessions.length], ([isCut, count]) => [
      isCut && el("button", { type: "button", class: "button small", onclick: showAll },
        `Show all ${count}`),
      el("button", { type: "button", class: "button small danger", onclick: endOthers },
        "End all others"),
    ]);
  }

  function showAll() {
    showsAll = true;
    draw();
    list.children[SHOWN_MAX]?.querySelector("button")?.focus();
  }

  function entry(one) {
    const device = deviceName(one.user_agent);
    return el("li", { class: "entry-line" },
      el("div", {},
        el("p", { class: "row" }, el("span", { title: one.user_agent }, device),
          one.current && badge("accent", "This session")),
        el("p", { class: "muted small" },
          one.address, " · ", relativeTime(one.last_seen_at, { prefix: "active " }), " · ",
          relativeTime(one.created_at, { prefix: "since " }))),
      !one.current && el("button", {
        type: "button", class: "button small",
        "aria-label": `End the session on ${device}, ${one.address}`,
        onclick: () => end(one, device),
      }, "End"));
  }

  async function end(one, device) {
    const isDone = await confirm({
      title: "End this session?",
      text: `${device} at ${one.address} will have to sign in again.`,
      button: "End session",
      kind: "danger",
      action: () => api.remove(`/api/auth/sessions/${encodeURIComponent(one.id)}`)
        .catch((error) => {
          // It has ended by itself: what was asked for is so.
          if (error.code !== "session_unknown") throw error;
        }),
    });
    if (!isDone) return;
    toast("Session ended.");
    live.refresh();
  }

  async function endOthers() {
    let ended = 0;
    const isDone = await confirm({
      title: "End all other sessions?",
      text: "Every other browser and program with your sign-in will have to sign in again.",
      button: "End all others",
      kind: "danger",
      action: async () => { ({ ended } = await api.post("/api/auth/sessions/end-others")); },
    });
    if (!isDone) return;
    toast(ended === 1 ? "One session ended." : `${ended} sessions ended.`);
    live.refresh();
  }

  return {
    node: section("Sessions", "Where you are signed in. End what you don’t know.", body),
    refresh: live.refresh,
  };
}
