// How long something stays valid: a thin bar and the minutes left.

import { el } from "../dom.js";
import { clock, countdown, span } from "../time.js";
import { announce } from "./notices.js";

/** Said aloud when so many seconds are left; all the others are only shown. */
const SPOKEN_SECONDS = [60, 15];

/**
 * life({ endsAt, seconds, words: "This step stays open for", onEnd }) → { node, stop }
 *
 * `seconds` is the whole life, `endsAt` its end in milliseconds.
 */
export function life({ endsAt, seconds, words, onEnd }) {
  const bar = el("progress", { max: seconds, "aria-hidden": "true" });
  const text = el("span", { role: "timer" });
  const node = el("div", { class: "life" }, el("span", {}, `${words} `, text), bar);
  let unspoken = SPOKEN_SECONDS.filter((one) => one < seconds);
  const stop = countdown(endsAt, (left) => {
    bar.value = left;
    text.textContent = clock(left);
    node.classList.toggle("ending", left <= SPOKEN_SECONDS[0] && left < seconds / 2);
    const due = unspoken.filter((one) => left <= one);
    if (due.length === 0) return;
    unspoken = unspoken.filter((one) => left > one);
    announce(`${words} ${span(Math.ceil(left))}.`);
  }, onEnd);
  return { node, stop };
}
