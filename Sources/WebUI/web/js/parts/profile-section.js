// Settings: the account and its phone number.

import * as api from "../api.js";
import { el } from "../dom.js";
import * as session from "../session.js";
import { localTime } from "../time.js";
import { copyable } from "./copy.js";
import { confirm } from "./dialog.js";
import { field, form } from "./form.js";
import { toast } from "./notices.js";
import { refill } from "./refill.js";
import { section } from "./section.js";

export function profileSection(page, changed) {
  const body = el("div", { class: "card-body" });
  let isEditing = false;

  async function save(phone) {
    const answer = await api.patch("/api/auth/profile", { phone_e164: phone });
    session.updateUser(answer.user);
    changed();
  }

  function draw() {
    if (session.user() && !isEditing) refill(body, { ...session.user(), isEditing }, facts);
  }

  function facts(user) {
    return el("dl", { class: "facts" },
      el("dt", {}, "Email"), el("dd", {}, user.email),
      el("dt", {}, "Role"), el("dd", {}, session.isAdmin() ? "Administrator" : "Member"),
      el("dt", {}, "Phone"), el("dd", { class: "row" }, phoneValue(user.phone_e164)),
      el("dt", {}, "User id"), el("dd", {}, copyable(user.id, "user id")),
      el("dt", {}, "Registered"), el("dd", {}, localTime(user.created_at)));
  }

  function phoneValue(phone) {
    const button = (verb, onclick, more) => el("button", {
      type: "button", class: "button small", "aria-label": `${verb} phone number`, onclick, ...more,
    }, verb);
    const edit = (verb) => button(verb, () => openForm(phone), { id: "edit-phone" });
    if (!phone) return [el("span", { class: "muted" }, "None"), edit("Add")];
    return [el("span", {}, phone), edit("Change"), button("Remove", removePhone)];
  }

  function openForm(phone) {
    isEditing = true;
    const input = field({
      name: "phone_e164", label: "Phone number", type: "tel", autocomplete: "tel",
      value: phone ?? "", hint: "With country code: +14155550100. Test messages go here.",
    });
    const view = form({
      fields: [input],
      submit: "Save phone number",
      async onSubmit(values) {
        await save(values.phone_e164.trim());
        close();
        toast("Phone number saved.");
      },
      actions: [el("button", { type: "button", class: "button", onclick: close }, "Cancel")],
    });
    refill(body, { isEditing }, () => view.node);
    input.input.focus();
  }

  function close() {
    isEditing = false;
    draw();
    body.querySelector("#edit-phone")?.focus();
  }

  async function removePhone() {
    const isDone = await confirm({
      title: "Remove the phone number?",
      text: "Test messages can’t be sent to you until you add one again.",
      button: "Remove phone number",
      kind: "danger",
      action: () => save(null),
    });
    if (!isDone) return;
    toast("Phone number removed.");
    body.querySelector("#edit-phone")?.focus();
  }

  draw();
  page.signal.addEventListener("abort", session.onChange(draw));
  return section("Profile", "Who you are on this server.", body);
}
