// Forms: labelled fields, one submission at a time, the server's errors beside the field they name.

import { APIError } from "../api.js";
import { el, fill, uniqueID } from "../dom.js";
import { countdown, span } from "../time.js";
import { icon, mark } from "./icons.js";
import { traceLink } from "./copy.js";
import { errorPanel } from "./notices.js";

/**
 * field({ name, label, type, hint, isOptional, autocomplete, … }) → { node, input, setError }
 *
 * `name` is the API's name of the value: an error's `field` finds it by that. Other members become
 * attributes of the input. `control` replaces the `<input>`. `setError(null)` takes an error away.
 */
export function field({ name, label, hint = null, isOptional = false, control = null, ...rest }) {
  const id = uniqueID(name);
  const input = control ?? el("input", { class: "input", type: "text", ...rest });
  input.id = id;
  input.name = name;
  const error = el("p", { id: `${id}-error` });
  // Beside the error and not in it: a screen reader reads the error with each visit of the field.
  const trace = el("span", {});
  const problem = el("div", { class: "error", hidden: true }, icon("error"), error, trace);
  const describedBy = hint ? `${id}-hint` : null;
  if (describedBy) input.setAttribute("aria-describedby", describedBy);
  if (!isOptional) input.required = true;

  function setError(text, traceID = null) {
    problem.hidden = !text;
    error.textContent = text ?? "";
    fill(trace, text && traceID && traceLink(traceID));
    set(input, "aria-invalid", text ? "true" : "");
    set(input, "aria-describedby", [text && error.id, describedBy].filter(Boolean).join(" "));
  }

  input.addEventListener("input", () => setError(null));
  const node = el("div", { class: "field" },
    el("label", { for: id }, label, isOptional && el("span", { class: "optional" }, " (optional)")),
    rest.type === "password" ? withReveal(input) : input,
    hint && el("p", { class: "hint", id: describedBy }, hint),
    problem);
  return { name, node, input, setError };
}

function set(input, name, value) {
  if (value) input.setAttribute(name, value);
  else input.removeAttribute(name);
}

/** A six-digit code: numeric keyboard, filled in by the browser or the phone where they can. */
export function codeField({ label = "Code", hint = null, name = "code" } = {}) {
  return field({
    name, label, hint, class: "input code", inputmode: "numeric", autocomplete: "one-time-code",
    maxlength: "7", pattern: "[0-9 ]*", spellcheck: "false",
  });
}

function withReveal(input) {
  const button = el("button", { type: "button", class: "button quiet small" }, "Show");
  const name = () => `${input.type === "password" ? "Show" : "Hide"} password`;
  button.setAttribute("aria-label", name());
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    button.textContent = input.type === "password" ? "Show" : "Hide";
    button.setAttribute("aria-label", name());
  });
  return el("div", { class: "with-button" }, input, button);
}

/** The digits of a code that a person typed, with the gap that apps show in the middle. */
export const digits = (text) => text.replace(/\s/g, "");

/**
 * form({ fields, submit: "Save", onSubmit, actions, kind, extra }) → { node, setError, button }
 *
 * `onSubmit(values)` gets the values by name and may throw an APIError: it is shown at the field
 * that it names, else above the button; a retry_after_seconds holds the button for so long.
 */
export function form({ fields, submit, onSubmit, actions = [], kind = "primary", extra = null }) {
  const problem = el("div", { hidden: true });
  const button = submitButton(submit, kind);
  let isBusy = false;
  let isHeld = false;
  let stopHolding = () => {};

  const node = el("form", { class: "form", novalidate: true, method: "post", onsubmit: send },
    fields.map((one) => one.node), extra, problem,
    el("div", { class: "actions" }, button.node, actions));

  async function send(event) {
    event.preventDefault();
    if (isBusy || isHeld || !checkRequired()) return;
    isBusy = true;
    show(null);
    button.setBusy(true);
    try {
      await onSubmit(Object.fromEntries(fields.map((one) => [one.name, one.input.value])));
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      show(error);
    } finally {
      isBusy = false;
      if (!isHeld) button.setBusy(false);
    }
  }

  function checkRequired() {
    const missing = fields.filter((one) => one.input.required && !one.input.value.trim());
    for (const one of missing) one.setError("Fill in this field.");
    missing[0]?.input.focus();
    return missing.length === 0;
  }

  /** Null clears it. */
  function show(error) {
    for (const one of fields) one.setError(null);
    fill(problem);
    problem.hidden = true;
    if (!error || error.isCancelled) return;
    const named = fields.find((one) => one.name === error.field);
    if (named && !error.retryAfterSeconds) {
      named.setError([error.message, error.suggestedFix].filter(Boolean).join(" "), error.traceID);
      named.input.focus();
      return;
    }
    fill(problem, errorPanel(error));
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
    if (error.retryAfterSeconds) hold(error.retryAfterSeconds);
  }

  function hold(seconds) {
    isHeld = true;
    stopHolding();
    stopHolding = countdown(Date.now() + seconds * 1000, (left) => {
      button.setWaiting(`Wait ${span(Math.ceil(left))}`);
    }, () => {
      isHeld = false;
      button.setBusy(false);
    });
  }

  return { node, setError: show, button: button.node };
}

function submitButton(label, kind) {
  const node = el("button", { type: "submit", class: `button ${kind}` }, label);
  return {
    node,
    setBusy(isBusy) {
      node.toggleAttribute("aria-disabled", false);
      if (isBusy) node.setAttribute("aria-disabled", "true");
      fill(node, isBusy && el("span", { class: "spinner", "aria-hidden": "true" }), label);
    },
    setWaiting(text) {
      node.setAttribute("aria-disabled", "true");
      fill(node, text);
    },
  };
}

/**
 * A button that runs `action` (async) and can't be pressed twice meanwhile. An APIError goes to
 * `onError`.
 */
export function actionButton(label, action, { kind = "", iconName = null, onError, name } = {}) {
  const face = () => [iconName && icon(iconName), label];
  const button = el("button", { type: "button", class: `button ${kind}`, "aria-label": name },
    face());
  let isBusy = false;
  button.addEventListener("click", async () => {
    if (isBusy) return;
    isBusy = true;
    button.setAttribute("aria-disabled", "true");
    fill(button, el("span", { class: "spinner", "aria-hidden": "true" }), label);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof APIError)) throw error;
      if (!error.isCancelled) onError?.(error);
    } finally {
      isBusy = false;
      button.removeAttribute("aria-disabled");
      fill(button, face());
    }
  });
  return button;
}

/** The sheet of paper on which a form stands before sign-in. */
export function sheet(heading, lead, ...content) {
  return [
    el("p", { class: "brand" }, mark(), "Countersign"),
    el("div", { class: "sheet" },
      el("h1", { tabindex: "-1" }, heading),
      lead && el("p", { class: "lead" }, lead),
      content),
  ];
}
