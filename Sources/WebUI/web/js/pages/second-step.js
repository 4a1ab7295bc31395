// Signing in: the second step, a code of the authenticator app or a backup code.

import * as api from "../api.js";
import { el } from "../dom.js";
import { form, sheet } from "../parts/form.js";
import { factorFields } from "../parts/factor-fields.js";
import { life } from "../parts/life.js";
import { toast } from "../parts/notices.js";
import { afterSignIn } from "../routes.js";
import * as session from "../session.js";

export const title = "Second step";

/** What ends this attempt, and what the sign-in page then says. */
const ENDINGS = { temp_token_invalid: "step-expired", temp_token_exhausted: "step-exhausted" };

export function render(page) {
  const pending = session.pendingFactor();
  if (!pending) return startAgain(page, "step-lost");

  const factor = factorFields();
  const left = life({
    endsAt: pending.endsAt,
    seconds: pending.seconds,
    words: "This step stays open for",
    onEnd: () => startAgain(page, "step-expired"),
  });
  const view = form({
    fields: factor.fields,
    submit: "Continue",
    extra: factor.swap,
    async onSubmit() {
      const proof = factor.proof();
      try {
        const answer = await api.post(
          "/api/auth/2fa/verify", { temp_token: pending.tempToken, ...proof });
        session.begin(answer);
        if (proof.backup_code) toast(codesLeft(answer.backup_codes_remaining));
        page.go(afterSignIn(page.query), { replace: true });
      } catch (error) {
        if (error.code in ENDINGS) return startAgain(page, ENDINGS[error.code]);
        // A used or wrong code has to go anyway.
        if (error.code === "code_invalid") factor.clear();
        throw error;
      }
      return undefined;
    },
  });
  view.button.classList.add("wide");

  page.root.append(
    ...sheet("Second step", `Signing in as ${pending.email}`, left.node, view.node),
    el("p", { class: "aside" }, el("button", {
      type: "button", class: "link-button", onclick: () => startAgain(page, null),
    }, "Sign in as somebody else")));
  factor.focus();
  return left.stop;
}

function startAgain(page, reason) {
  session.dropFactor();
  const kept = new URLSearchParams(page.query);
  if (reason) kept.set("notice", reason);
  const query = kept.toString();
  page.go(query ? `sign-in?${query}` : "sign-in", { replace: true });
}

function codesLeft(count) {
  return `Signed in with a backup code. ${count} ${count === 1 ? "is" : "are"} left.`;
}
