// Dialogs: the real element, so that focus stays inside and Escape closes it.

import { el, styles, uniqueID } from "../dom.js";
import { errorPanel } from "./notices.js";
import { actionButton } from "./form.js";
import { icon } from "./icons.js";

/**
 * openDialog({ title, content, size, mayClose, onClose }) → { node, body, close(value), closed }
 *
 * `content` are nodes. `closed` is a promise of what `close` was given, undefined when a person
 * closed it. `mayClose` is asked first (may be async) and keeps it open when it answers false.
 * Sizes: "small", "normal", "wide". Focus goes to the element with `autofocus`, else to the first
 * field, or with `startsAtTitle` to the title, and returns to where it was.
 */
export function openDialog({ title, content = [], size = "normal", startsAtTitle = false,
  mayClose = () => true, onClose = () => {} }) {
  const ready = styles("dialogs");
  const titleID = uniqueID("dialog");
  const body = el("div", { class: "dialog-body" }, content);
  const node = el("dialog", { class: `dialog dialog-${size}`, "aria-labelledby": titleID },
    el("header", { class: "dialog-header" },
      el("h2", { id: titleID, tabindex: "-1" }, title),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: leave },
        icon("close"))),
    body,
    el("div", { role: "status", class: "visually-hidden" }));

  let result;
  let isOver = false;
  async function leave() {
    if (await mayClose()) close(undefined);
  }
  function close(value) {
    if (isOver) return;
    isOver = true;
    result = value;
    if (node.open) node.close();
    else node.dispatchEvent(new Event("close"));
  }

  // Chromium lets a second Escape close a dialog against its will; a keydown it does respect.
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    leave();
  });
  // What else may mean "close", such as Android's back gesture.
  node.addEventListener("cancel", (event) => {
    if (event.target !== node) return;
    event.preventDefault();
    leave();
  });
  // A press that begins in the dialog and ends outside is a selection of text, no wish to leave.
  let pressedOutside = false;
  node.addEventListener("pointerdown", (event) => { pressedOutside = event.target === node; });
  node.addEventListener("click", (event) => {
    if (event.target === node && pressedOutside) leave();
  });
  const closed = new Promise((resolve) => {
    node.addEventListener("close", () => {
      node.remove();
      onClose(result);
      resolve(result);
    });
  });

  const leavePage = () => close(undefined);
  addEventListener("countersign:leave", leavePage, { once: true });
  closed.then(() => removeEventListener("countersign:leave", leavePage));

  document.body.append(node);
  ready.then(() => {
    if (isOver) return;
    node.showModal();
    const first = startsAtTitle ? null : body.querySelector("[autofocus]")
      ?? body.querySelector("input:not([tabindex]), select, textarea");
    (first ?? node.querySelector("h2")).focus();
  });
  return { node, body, close, closed };
}

/**
 * Asks, and runs `action` before it closes: a failure is shown in the dialog. Answers whether it
 * was done. Without `action` it only asks.
 */
export function confirm({ title, text, button, kind = "primary", cancel = "Cancel",
  action = async () => {} }) {
  const problem = el("div", {});
  const content = [
    ...[text].flat().map((one) => (typeof one === "string" ? el("p", {}, one) : one)),
    problem,
  ];
  const dialog = openDialog({ title, content, size: "small" });
  dialog.body.append(el("div", { class: "dialog-actions" },
    el("button", { type: "button", class: "button", autofocus: true,
      onclick: () => dialog.close(false) }, cancel),
    actionButton(button, async () => {
      await action();
      dialog.close(true);
    }, { kind, onError: (error) => problem.replaceChildren(errorPanel(error)) })));
  return dialog.closed.then((value) => value === true);
}
