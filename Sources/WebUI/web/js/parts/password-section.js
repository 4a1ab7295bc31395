// Settings: changing the password.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import * as session from "../session.js";
import { field, form } from "./form.js";
import { toast } from "./notices.js";
import { section } from "./section.js";

export function passwordSection(page, changed) {
  const body = el("div", { class: "card-body" });

  function draw() {
    fill(body, el("button", {
      type: "button", class: "button", id: "change-password", onclick: openForm,
    }, "Change password"));
  }

  function close() {
    draw();
    body.querySelector("#change-password").focus();
  }

  function openForm() {
    const current = field({
      name: "current_password", label: "Current password", type: "password",
      autocomplete: "current-password",
    });
    const wanted = field({
      name: "new_password", label: "New password", type: "password",
      autocomplete: "new-password",
      hint: "At least 8 characters. A few random words are strong and easy to remember.",
    });
    const view = form({
      fields: [current, wanted],
      submit: "Set new password",
      extra: userNameForManagers(),
      async onSubmit(values) {
        session.begin(await api.post("/api/auth/password/change", values));
        close();
        toast("Password changed. All other sessions have ended.");
        changed();
      },
      actions: [el("button", { type: "button", class: "button", onclick: close }, "Cancel")],
    });
    fill(body, view.node);
    current.input.focus();
  }

  draw();
  return section("Password", "Changing it ends every other session.", body);
}

/** Lets password managers know whose password it is (Chromium's password form guidelines). */
function userNameForManagers() {
  return el("input", {
    type: "text", class: "visually-hidden", autocomplete: "username", tabindex: "-1",
    "aria-hidden": "true", readonly: true, value: session.user()?.email ?? "",
  });
}
