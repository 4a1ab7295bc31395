// The ten backup codes, shown once: copy, download, print, and a question before they are gone.

import { el } from "../dom.js";
import * as session from "../session.js";
import { exactUTC } from "../time.js";
import { copyButton } from "./copy.js";
import { confirm, openDialog } from "./dialog.js";
import { icon } from "./icons.js";

/** Answers a promise that resolves when the person is done with them. */
export function showBackupCodes(page, codes) {
  const made = new Date().toISOString();
  const saved = el("input", { type: "checkbox", id: "codes-saved" });
  let asking = null;

  /** Whether they may go now. */
  function mayLeave() {
    if (saved.checked) return true;
    asking ??= confirm({
      title: "Leave without saving the codes?",
      text: "They are shown only this once. Without them, losing your phone locks you out.",
      cancel: "Stay",
      button: "Leave without saving",
      kind: "danger",
    }).finally(() => { asking = null; });
    return asking;
  }

  const dialog = openDialog({
    title: "Save your backup codes",
    startsAtTitle: true,
    mayClose: mayLeave,
    onClose: () => page.guardLeaving(null),
    content: [
      el("p", {}, "Each one works once in place of a code, when your phone is not at hand. "
        + "Keep them where only you find them. They are shown only now."),
      el("div", { class: "codes-sheet" },
        el("div", { class: "print-only" },
          el("p", { class: "print-title" }, "Countersign backup codes"),
          el("p", {}, `${session.user()?.email} at ${location.host}, made ${exactUTC(made)}`)),
        el("ol", { class: "backup-codes", "aria-label": "Backup codes" },
          codes.map((code) => el("li", {}, el("code", {}, code)))),
        el("p", { class: "print-only" }, "Each code works once. Newer codes replace these.")),
      el("div", { class: "actions" },
        copyButton(codes.join("\n"), "backup codes", { label: "Copy" }),
        el("button", { type: "button", class: "button", onclick: () => download(codes, made) },
          icon("download"), "Download"),
        el("button", { type: "button", class: "button", onclick: () => print() },
          icon("print"), "Print")),
      el("label", { class: "choice", for: "codes-saved" }, saved,
        el("span", {}, "I have saved them")),
      el("div", { class: "dialog-actions" },
        el("button", { type: "button", class: "button primary",
          onclick: async () => { if (await mayLeave()) dialog.close(); } }, "Done")),
    ],
  });
  page.guardLeaving(async () => mayLeave());
  return dialog.closed;
}

function download(codes, made) {
  const text = [
    "Countersign backup codes",
    `${session.user()?.email} at ${location.host}`,
    `made ${exactUTC(made)}; each code works once; newer codes replace these`,
    "",
    ...codes,
    "",
  ].join("\n");
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = el("a", { href: url, download: "countersign-backup-codes.txt" });
  document.body.append(link);
  link.click();
  link.remove();
  // Later, since the browser reads it after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
