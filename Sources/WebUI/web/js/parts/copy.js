// Copying to the clipboard, and ids that can be copied.

import { el, fill } from "../dom.js";
import * as session from "../session.js";
import { icon } from "./icons.js";

const DONE_SECONDS = 2;
const TRACE_CHARACTERS_SHOWN = 8;

/**
 * A button that copies `text` (or what the function `text` answers). `what` names it: "trace id".
 * With `label` it is a button with words, without one a small icon button.
 */
export function copyButton(text, what, { label = null } = {}) {
  const said = el("span", { class: "visually-hidden", role: "status" });
  const face = (name, words) => [icon(name), label && words];
  const button = el("button", {
    type: "button",
    class: label ? "button" : "icon-button",
    "aria-label": label ? null : `Copy ${what}`,
    title: label ? null : `Copy ${what}`,
  }, face("copy", label));
  button.addEventListener("click", async () => {
    const isCopied = await copy(typeof text === "function" ? text() : text);
    fill(button, face(isCopied ? "check" : "cross", isCopied ? "Copied" : "Not copied"));
    said.textContent = isCopied ? `Copied ${what}.` : "The browser did not allow it.";
    setTimeout(() => {
      fill(button, face("copy", label));
      said.textContent = "";
    }, DONE_SECONDS * 1000);
  });
  return el("span", { class: "copy" }, button, said);
}

/** Text in monospace with a copy button. */
export function copyable(text, what) {
  return el("span", { class: "copyable" },
    el("code", { title: text }, text), copyButton(text, what));
}

/**
 * A trace id: a link to what happened under it when signed in, and a copy button. `isFull` shows
 * all 32 digits, else the first ones.
 */
export function traceLink(id, { isFull = false } = {}) {
  if (!id) return el("span", { class: "muted" }, "–");
  const text = isFull ? id : `${id.slice(0, TRACE_CHARACTERS_SHOWN)}…`;
  const code = el("code", {}, text);
  const shown = session.user()
    ? el("a", { href: `#/traces/${id}`, title: id, "aria-label": `Trace ${id}` }, code)
    : el("span", { title: id }, code);
  return el("span", { class: "copyable" }, shown, copyButton(id, "trace id"));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** The clipboard API exists in secure contexts only; a console on a plain LAN address has none. */
function copyBySelection(text) {
  const area = el("textarea", { class: "visually-hidden", value: text, readonly: true });
  const before = document.activeElement;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  before?.focus();
  return isCopied;
}
