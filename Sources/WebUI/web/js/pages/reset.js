// Setting a new password with a token that an administrator made.

import * as api from "../api.js";
import { el } from "../dom.js";
import { field, form, sheet } from "../parts/form.js";
import * as session from "../session.js";

export const title = "Reset password";

export function render(page) {
  const token = field({
    name: "reset_token", label: "Reset token", class: "input secret", autocomplete: "off",
    spellcheck: "false", hint: "From your administrator. It works once, for one hour.",
  });
  const password = field({
    name: "new_password", label: "New password", type: "password", autocomplete: "new-password",
    hint: "At least 8 characters. A few random words are strong and easy to remember.",
  });
  const given = page.query.get("token");
  if (given) {
    token.input.value = given;
    // A secret in the address stays in the history and on shared screens.
    history.replaceState(null, "", "#/reset");
  }
  const view = form({
    fields: [token, password],
    submit: "Set new password",
    async onSubmit(values) {
      await api.post("/api/auth/password/reset", {
        reset_token: values.reset_token.trim(), new_password: values.new_password,
      });
      session.end();
      page.go("sign-in?notice=password-set", { replace: true });
    },
  });
  view.button.classList.add("wide");

  page.root.append(
    ...sheet("Reset password", "All your sessions end. Two-factor authentication stays on.",
      view.node),
    el("p", { class: "aside" }, el("a", { href: "#/sign-in" }, "Back to sign in")));
  (given ? password : token).input.focus();
}
