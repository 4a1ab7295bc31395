// The proof of the second factor: a code of the app, or a backup code instead.

import { el } from "../dom.js";
import { codeField, digits, field } from "./form.js";

/**
 * → { fields, swap, proof(), clear(), focus(), show(isWanted) }
 *
 * `swap` is the button that changes between the two, `proof()` what the API takes: { code } or
 * { backup_code }.
 */
export function factorFields({ label = "Code from your authenticator app" } = {}) {
  const code = codeField({ label });
  const backup = field({
    name: "backup_code", label: "Backup code", class: "input secret", autocomplete: "off",
    autocapitalize: "characters", spellcheck: "false",
    hint: "One of the ten that you saved. Each works once.",
  });
  let usesBackup = false;
  let isWanted = true;
  const swap = el("button", { type: "button", class: "link-button small", onclick: change });
  const row = el("p", {}, swap);
  const chosen = () => (usesBackup ? backup : code);

  function change() {
    usesBackup = !usesBackup;
    draw();
    chosen().input.focus();
  }

  function draw() {
    for (const one of [code, backup]) {
      const isShown = isWanted && one === chosen();
      one.node.hidden = !isShown;
      one.input.required = isShown;
    }
    row.hidden = !isWanted;
    swap.textContent = usesBackup ? "Use a code from the app" : "Use a backup code";
  }
  draw();

  return {
    fields: [code, backup],
    swap: row,
    proof: () => (usesBackup
      ? { backup_code: backup.input.value.trim() } : { code: digits(code.input.value) }),
    clear() {
      chosen().input.value = "";
      chosen().input.focus();
    },
    focus() { chosen().input.focus(); },
    show(value) {
      isWanted = value;
      draw();
    },
  };
}
