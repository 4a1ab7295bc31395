// Banners above every page while something is degraded.

import { el } from "../dom.js";
import { poll } from "../poll.js";
import * as session from "../session.js";
import { relativeTime } from "../time.js";
import { icon } from "./icons.js";
import { announce, notice } from "./notices.js";
import { refill } from "./refill.js";

const SECONDS = 30;
/** What an integration that should work says when it does not. */
const TROUBLES = {
  auth_failed: "does not accept the credentials",
  unreachable: "can’t be reached",
  provider_down: "is down",
};
const KINDS = { critical: "bad", warning: "warn" };

/** Keeps `node` filled with what is wrong → { show(page), stop }. */
export function watchHealth(node) {
  const controller = new AbortController();
  let ready = [];
  let integrations = [];
  let attention = [];
  let page = "";
  let told = new Set();

  function draw() {
    // The administrators' list says the same about integrations, and more.
    const covered = new Set(attention.map((one) => one.integration).filter(Boolean));
    const rest = [
      ...attention, ...integrations.filter((one) => !covered.has(one.integration)),
    ];
    // Overview is that very list.
    const all = page === "overview" ? ready : [...ready, ...rest];
    node.hidden = all.length === 0;
    const isOpen = node.querySelector("details")?.open ?? false;
    refill(node, all, () => (all.length > 1 ? several(all, isOpen) : all.map(banner)));
    tell([...ready, ...rest].map((one) => one.title));
  }

  function tell(titles) {
    const fresh = titles.filter((title) => !told.has(title));
    told = new Set(titles);
    if (fresh.length > 0) announce(fresh.join(". "));
  }

  poll(controller.signal, "/api/integrations/status", {
    seconds: SECONDS,
    onData(body) {
      integrations = body.integrations.filter(isDegraded).map(asAttention);
      draw();
    },
  });
  poll(controller.signal, "/ready", {
    seconds: SECONDS,
    onData() {},
    onError(error) {
      ready = error.code === "not_ready" ? [notReady(error)] : [];
      draw();
    },
    onRecovered() {
      ready = [];
      draw();
    },
  });
  if (session.isAdmin()) watchAttention(controller, (list) => {
    attention = list;
    draw();
  });

  function show(name) {
    page = name;
    draw();
  }

  return { show, stop: () => controller.abort() };
}

function watchAttention(controller, show) {
  const watch = poll(controller.signal, "/api/admin/overview", {
    seconds: SECONDS,
    onData: (body) => show(body.attention),
    onError(error) {
      // A server without this endpoint will not get it while we wait.
      if (error.status === 404) watch.stop();
    },
  });
}

function isDegraded(one) {
  return one.configured && !one.connected && one.error_code in TROUBLES;
}

function asAttention(one) {
  return {
    severity: "warning",
    title: `${one.name} ${TROUBLES[one.error_code]}`,
    message: null,
    suggested_fix: one.suggested_fix,
    integration: one.id,
    since: one.evidence?.at ?? null,
  };
}

function notReady(error) {
  return {
    severity: "critical", title: "The server is not ready", message: error.message,
    suggested_fix: error.suggestedFix, integration: null, since: null,
  };
}

/** More than one would push the page away: one line, which opens. */
function several(all, isOpen) {
  const kind = all.some((one) => one.severity === "critical") ? "bad" : "warn";
  return el("details", { class: `several ${kind}`, open: isOpen },
    el("summary", {},
      icon(kind === "bad" ? "error" : "alert"),
      el("span", { class: "title" }, `${all.length} things need attention`),
      el("span", { class: "titles" }, all.map((one) => one.title).join(" · ")),
      icon("down")),
    el("div", { class: "stack-small" }, all.map(banner)));
}

function banner(one) {
  const text = [one.message, one.suggested_fix].filter(Boolean).join(" ");
  return notice(KINDS[one.severity] ?? "warn", one.title, text || null, {
    foot: [
      one.since && el("span", { class: "muted" }, relativeTime(one.since, { prefix: "Since " })),
      one.integration && el("a", { href: `#/connections?open=${one.integration}` },
        "Show its connection"),
    ].filter(Boolean),
  });
}
