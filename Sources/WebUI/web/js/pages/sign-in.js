// Signing in: the first step, email and password.

import * as api from "../api.js";
import { el } from "../dom.js";
import { field, form, sheet } from "../parts/form.js";
import { notice } from "../parts/notices.js";
import { afterSignIn } from "../routes.js";
import * as session from "../session.js";

export const title = "Sign in";

/** Why somebody lands here who did not ask for it. */
const NOTICES = {
  expired: ["warn", "Your session has ended", "Sign in again to go back to where you were."],
  "signed-out": ["ok", "You are signed out", null],
  "step-expired": ["warn", "The second step has expired",
    "It stays open for a few minutes only. Start again with your password."],
  "step-exhausted": ["warn", "Too many wrong codes",
    "This attempt is closed. Start again with your password."],
  "step-lost": ["plain", "Start again with your password",
    "The second step does not survive a reload of the page."],
  "password-set": ["ok", "Your new password is set", "All sessions have ended. Sign in with it."],
};

export function render(page) {
  const email = field({
    name: "email", label: "Email", type: "email", autocomplete: "username", spellcheck: "false",
  });
  const password = field({
    name: "password", label: "Password", type: "password", autocomplete: "current-password",
  });
  const told = NOTICES[page.query.get("notice")];
  const next = page.query.get("next");
  const rest = next ? `?next=${encodeURIComponent(next)}` : "";

  const view = form({
    fields: [email, password],
    submit: "Sign in",
    async onSubmit(values) {
      const answer = await api.post("/api/auth/login", values);
      if (answer.requires_2fa) {
        session.awaitFactor(values.email, answer);
        page.go(`second-step${rest}`, { replace: true });
      } else {
        session.begin(answer);
        page.go(afterSignIn(page.query), { replace: true });
      }
    },
  });
  view.button.classList.add("wide");

  page.root.append(
    ...sheet("Sign in", null,
      told && notice(...told),
      view.node,
      el("p", { class: "switch" }, el("a", { href: "#/reset" }, "I have a reset token"))),
    el("p", { class: "aside" }, "No account yet? ",
      el("a", { href: `#/register${rest}` }, "Register")));
  // The heading gets the focus when there is something to hear first.
  if (!told) email.input.focus();
}
