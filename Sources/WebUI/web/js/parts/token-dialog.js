// Mints a token: what it may do first, then the secret, which is shown once.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { copyButton } from "./copy.js";
import { confirm, openDialog } from "./dialog.js";
import { field, form } from "./form.js";
import { announce, notice } from "./notices.js";
import { scopePicker } from "./scope-picker.js";
import { examplesOf, VARIABLE } from "./token-examples.js";

const NAME_CHARACTERS_MAX = 100;
const DAYS_MAX = 3650;
const NEVER = "never";
const OTHER = "other";
const LIVES = [["30", "30 days"], ["90", "90 days"], ["365", "1 year"],
  [NEVER, "Never, until it is revoked"], [OTHER, "Another number of days"]];
const STANDARD_LIFE = "90";

/** mintToken(page, integrations, onMinted): opens the dialog. */
export function mintToken(page, integrations, onMinted) {
  let isSafe = true;
  const name = field({
    name: "name", label: "Name", maxlength: NAME_CHARACTERS_MAX, autocomplete: "off",
    hint: "Of the program that will use it: “checkout, production”.", autofocus: true,
  });
  const life = field({
    name: "life", label: "Expires after",
    control: el("select", { class: "input", onchange: drawDays }, LIVES.map(([value, word]) =>
      el("option", { value, selected: value === STANDARD_LIFE }, word))),
  });
  const days = field({
    name: "expires_in_days", label: "Days", type: "number", min: 1, max: DAYS_MAX,
    inputmode: "numeric", hint: `1 to ${DAYS_MAX}.`,
  });
  days.node.classList.add("days");
  const picker = scopePicker(integrations);
  function drawDays() {
    days.node.hidden = life.input.value !== OTHER;
    days.input.required = !days.node.hidden;
    if (!days.node.hidden) days.input.focus();
  }
  drawDays();

  const view = form({
    fields: [name, life, days, picker],
    submit: "Mint token",
    async onSubmit(values) {
      const scopes = picker.scopes();
      if (scopes.length === 0) {
        picker.setError("Choose at least one thing that it may do.");
        picker.input.focus();
        return;
      }
      const minted = await api.post("/api/tokens", {
        name: values.name.trim(), scopes, expires_in_days: daysOf(values),
      });
      onMinted();
      show(minted);
    },
    actions: [el("button", {
      type: "button", class: "button", onclick: () => dialog.close(),
    }, "Cancel")],
  });

  // The secret

  function show(minted) {
    isSafe = false;
    page.guardLeaving(mayLeave);
    const title = dialog.node.querySelector("h2");
    title.textContent = `Token “${minted.name}”`;
    fill(dialog.body, secret(minted, () => { isSafe = true; }), el("div", {
      class: "dialog-actions",
    }, el("button", { type: "button", class: "button primary", onclick: finish }, "Done")));
    dialog.node.scrollTop = 0;
    title.focus();
    announce("The token is made. It is shown this once.");
  }

  async function finish() {
    if (await mayLeave()) dialog.close();
  }

  async function mayLeave() {
    return isSafe || confirm({
      title: "Leave without copying?",
      text: "The token can’t be shown again. Without a copy, mint another one.",
      button: "Leave", kind: "danger", cancel: "Stay",
    });
  }

  const dialog = openDialog({
    title: "Mint a token",
    size: "wide",
    content: [el("div", { class: "mint" }, view.node)],
    mayClose: mayLeave,
    onClose: () => page.guardLeaving(null),
  });
}

function daysOf({ life, expires_in_days: days }) {
  if (life === NEVER) return null;
  return Number(life === OTHER ? days : life);
}

function secret({ token, scopes }, onCopied) {
  const copied = () => {
    onCopied();
    return token;
  };
  const examples = el("div", { class: "stack" });
  const draw = (scope) => fill(examples, examplesOf(scope, location.origin).map(block));
  draw(scopes.at(-1));
  return [
    notice("warn", "Copy it now", "It is shown this once. The server keeps only a digest of it."),
    el("div", { class: "token-secret" },
      el("code", { "aria-label": "The token" }, token),
      copyButton(copied, "the token", { label: "Copy" })),
    block({
      title: "In the program’s environment", text: `export ${VARIABLE}='${token}'`, onCopied,
    }),
    field({
      name: "example", label: "Example for",
      control: el("select", { class: "input", onchange: (event) => draw(event.target.value) },
        scopes.map((scope) => el("option", { value: scope, selected: scope === scopes.at(-1) },
          scope))),
    }).node,
    examples,
  ];
}

function block({ title, text, onCopied = () => {} }) {
  const copied = () => {
    onCopied();
    return text;
  };
  return el("div", { class: "code-block" },
    el("div", { class: "row-between" },
      el("h3", {}, title), copyButton(copied, `the example for ${title}`)),
    el("pre", {}, el("code", {}, text)));
}
