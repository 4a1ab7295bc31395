// "Is it still you?" Asked before sensitive calls when the last proof is more than minutes old.

import * as api from "../api.js";
import { el } from "../dom.js";
import * as session from "../session.js";
import { openDialog } from "./dialog.js";
import { factorFields } from "./factor-fields.js";
import { field, form } from "./form.js";

let open = null;

/** Answers { usedCode }, or null when the person closed the dialog. Asks once at a time. */
export function stepUp() {
  open ??= ask().finally(() => { open = null; });
  return open;
}

async function ask() {
  const hasFactor = session.user()?.two_factor_enabled ?? false;
  const factor = factorFields();
  factor.show(hasFactor);
  const password = field({
    name: "password", label: "Password", type: "password", autocomplete: "current-password",
  });
  const view = form({
    fields: [password, ...factor.fields],
    submit: "Confirm",
    extra: factor.swap,
    async onSubmit(values) {
      const proof = { password: values.password, ...(hasFactor ? factor.proof() : {}) };
      try {
        session.begin(await api.post("/api/auth/step-up", proof));
      } catch (error) {
        if (error.code === "code_invalid") factor.clear();
        throw error;
      }
      dialog.close({ usedCode: proof.code !== undefined });
    },
  });
  const dialog = openDialog({
    title: "Confirm that it’s you",
    size: "small",
    content: [
      el("p", { class: "muted" }, hasFactor
        ? "This changes your security. Enter your password and a code."
        : "This changes your security. Enter your password."),
      view.node,
    ],
  });
  return (await dialog.closed) ?? null;
}
