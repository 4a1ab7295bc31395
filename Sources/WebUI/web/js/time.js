// Times: relative for people, exact for proof.

import { serverNow } from "./connection.js";
import { el } from "./dom.js";

const REFRESH_SECONDS = 10;
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
const SHORT = { day: "d", hour: "h", minute: "min" };

/** `<time>` that says "3 min ago" and keeps saying what is true; its title has the exact UTC. */
export function relativeTime(iso, { prefix = "" } = {}) {
  if (!iso) return el("span", { class: "muted" }, "never");
  const time = el("time", { datetime: iso, title: exactUTC(iso), "data-relative": prefix });
  time.textContent = prefix + ago(iso);
  return time;
}

/** `<time>` with the local date and time; its title has the exact UTC. */
export function localTime(iso) {
  const text = new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  return el("time", { datetime: iso, title: exactUTC(iso) }, text);
}

/** "2025-11-25 13:03:07.123 UTC" */
export function exactUTC(iso) {
  return `${new Date(iso).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** "just now", "3 min ago", "in 2 h" */
export function ago(iso, now = serverNow()) {
  const seconds = (now - Date.parse(iso)) / 1000;
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const text = span(size);
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

/** "45 s", "3 min", "2 h", "5 d": one unit, rounded down. */
export function span(seconds) {
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return `${Math.floor(seconds / length)} ${SHORT[unit]}`;
  }
  return `${Math.floor(seconds)} s`;
}

/** "4:59" */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Calls `tick(secondsLeft)` now and each second, then `done()`. Wall time, since timers sleep when
 * the computer does. Answers a function that ends it.
 */
export function countdown(endsAt, tick, done = () => {}) {
  let timer = null;
  const step = () => {
    const left = (endsAt - Date.now()) / 1000;
    tick(Math.max(0, left));
    if (left > 0) return;
    clearInterval(timer);
    done();
  };
  timer = setInterval(step, 1000);
  step();
  return () => clearInterval(timer);
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = time.dataset.relative + ago(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}, REFRESH_SECONDS * 1000);
