// What the console says beside its content: notices, error panels, badges, toasts, skeletons, empty
// states.

import { el } from "../dom.js";
import { countdown, span } from "../time.js";
import { traceLink } from "./copy.js";
import { icon } from "./icons.js";

const BADGE_ICONS = {
  ok: "check", warn: "alert", bad: "cross", accent: "check", plain: "minus",
};
const NOTICE_ICONS = { ok: "check", warn: "alert", bad: "error", accent: "info", plain: "info" };
const TOAST_SECONDS = 5;
/** A live region is read when it changes; the same sentence twice would be no change. */
const GAP_MILLISECONDS = 60;

/**
 * notice("warn", "Few backup codes left", "Make new ones.", { foot: [button] })
 * `kind`: ok, warn, bad, accent, plain.
 */
export function notice(kind, title, text = null, { foot = [], role = null } = {}) {
  return el("div", { class: `notice ${kind}`, role },
    icon(NOTICE_ICONS[kind]),
    el("div", {},
      el("p", { class: "title" }, title),
      text && el("p", {}, text),
      foot.length > 0 && el("div", { class: "foot" }, foot)));
}

/**
 * An error as the API tells it: message, fix, trace id, and where it applies when to try again.
 * With `retry` there is a button that calls it.
 */
export function errorPanel(error, { retry = null } = {}) {
  const wait = error.retryAfterSeconds ? waiting(error.retryAfterSeconds) : null;
  const foot = [
    retry && el("button", { type: "button", class: "button small", onclick: retry },
      icon("refresh"), "Try again"),
    error.traceID && el("span", { class: "row" },
      el("span", { class: "muted" }, "Trace"), traceLink(error.traceID)),
  ].filter(Boolean);
  return el("div", { class: `notice ${error.isOffline ? "warn" : "bad"}`, role: "alert" },
    icon(error.isOffline ? "offline" : "error"),
    el("div", {},
      el("p", { class: "title" }, error.message),
      error.suggestedFix && el("p", {}, error.suggestedFix),
      wait,
      foot.length > 0 && el("div", { class: "foot" }, foot)));
}

/** "Try again in 12 s." The seconds are not read out one by one: the first reading says enough. */
function waiting(seconds) {
  const left = el("span", { "aria-hidden": "true" });
  const line = el("p", {},
    el("span", { class: "visually-hidden" }, `Try again in ${span(seconds)}.`), left);
  const stop = countdown(Date.now() + seconds * 1000, (now) => {
    if (!line.isConnected && now < seconds - 2) stop();
    left.textContent = now > 0 ? `Try again in ${span(Math.ceil(now))}.` : "You can try again now.";
  });
  return line;
}

/** A state as an icon and a word. `kind`: ok, warn, bad, accent, plain. */
export function badge(kind, word, { iconName = BADGE_ICONS[kind] } = {}) {
  return el("span", { class: `badge ${kind}` }, icon(iconName), word);
}

/** Grey lines in the place of what is being loaded; `widths` such as "half", "short", "tall". */
export function skeleton(...widths) {
  return el("div", { class: "stack-small", "aria-busy": "true" },
    el("span", { class: "visually-hidden" }, "Loading"),
    widths.map((width) => el("span", { class: `skeleton ${width}`, "aria-hidden": "true" })));
}

export function emptyState(iconName, title, text, ...actions) {
  return el("div", { class: "empty" }, icon(iconName),
    el("p", { class: "title" }, title), text && el("p", {}, text), actions);
}

/** The heading of a page. `lead` and `actions` are optional. */
export function pageHeader(title, { lead = null, actions = [] } = {}) {
  return el("header", { class: "page-header" },
    el("div", {},
      el("h1", { tabindex: "-1" }, title),
      lead && el("p", { class: "lead" }, lead)),
    actions.length > 0 && el("div", { class: "row" }, actions));
}

/** Says it to screen readers only. */
export function announce(text) {
  // Outside of an open dialog everything is inert, the page's own live region too.
  const region = [...document.querySelectorAll("dialog[open] > [role=status]")].at(-1)
    ?? document.getElementById("announcer");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, GAP_MILLISECONDS);
}

/** Shows a short confirmation and says it. Errors belong into a panel, which stays. */
export function toast(text) {
  announce(text);
  // Screen readers have heard it; reading the note as well would say it twice.
  const note = el("div", { class: "toast", "aria-hidden": "true" }, icon("check"), text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_SECONDS * 1000);
}
