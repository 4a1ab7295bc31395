// Making an account.

import * as api from "../api.js";
import { el } from "../dom.js";
import { field, form, sheet } from "../parts/form.js";
import { afterSignIn } from "../routes.js";
import * as session from "../session.js";

export const title = "Register";

export function render(page) {
  const email = field({
    name: "email", label: "Email", type: "email", autocomplete: "username", spellcheck: "false",
  });
  const password = field({
    name: "password", label: "Password", type: "password", autocomplete: "new-password",
    hint: "At least 8 characters. A few random words are strong and easy to remember.",
  });
  const phone = field({
    name: "phone_e164", label: "Phone number", type: "tel", autocomplete: "tel", isOptional: true,
    hint: "For test messages. With country code: +14155550100",
  });
  const view = form({
    fields: [email, password, phone],
    submit: "Register",
    async onSubmit(values) {
      const given = values.phone_e164.trim();
      session.begin(await api.post("/api/auth/register", {
        email: values.email, password: values.password, ...(given ? { phone_e164: given } : {}),
      }));
      page.go(afterSignIn(page.query), { replace: true });
    },
  });
  view.button.classList.add("wide");
  const query = page.query.toString();

  page.root.append(
    ...sheet("Register", null, view.node),
    el("p", { class: "aside" }, "Have an account? ",
      el("a", { href: query ? `#/sign-in?${query}` : "#/sign-in" }, "Sign in")));
  email.input.focus();
}
