// A field for a trace id, however it was copied.

import { el, fill, uniqueID } from "../dom.js";
import { icon } from "./icons.js";

/** Also inside of a `traceparent` (W3C Trace Context: 00-<trace id>-<span id>-01). */
const WITHIN = /(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/;

export function traceLookup(onFound) {
  const id = uniqueID("lookup");
  const problem = el("p", { class: "error", id: `${id}-error`, hidden: true });
  const input = el("input", {
    class: "input secret", id, type: "text", spellcheck: "false", autocomplete: "off",
    autocapitalize: "none", placeholder: "32 digits", oninput: () => complain(null),
  });

  function complain(text) {
    problem.hidden = !text;
    fill(problem, text && [icon("error"), el("span", {}, text)]);
    for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", problem.id]]) {
      if (text) input.setAttribute(name, value);
      else input.removeAttribute(name);
    }
  }

  function submit(event) {
    event.preventDefault();
    const found = input.value.toLowerCase().match(WITHIN);
    if (found) {
      onFound(found[0]);
      return;
    }
    complain("A trace id has 32 digits from 0 to 9 and a to f.");
    input.focus();
  }

  return el("form", { class: "lookup", novalidate: true, onsubmit: submit },
    el("div", { class: "field" }, el("label", { for: id }, "Look up a trace id"),
      el("div", { class: "lookup-line" }, input,
        el("button", { type: "submit", class: "button" }, "Show")),
      problem));
}
