// What a token may do: chosen from sentences instead of from names.

import { el, fill, uniqueID } from "../dom.js";
import { icon } from "./icons.js";
import { badge } from "./notices.js";

const OWN = [
  ["usage:write", "Report uses of integrations", "POST /api/usage/events"],
  ["usage:read", "Read usage events", "GET /api/integrations/{id}/events"],
  ["status:read", "Read what is configured, connected and used", "GET /api/integrations/status"],
  ["alerts:send", "Send text messages, which cost money", "POST /api/alerts/sms"],
  ["metrics:read", "Read the metrics, for Prometheus", "GET /metrics"],
  ["session:read", "Ask whose session a user’s cookie is", "GET /api/auth/session"],
];
const READ = "read";
const ALL = "all";
const CALLS = [["none", "None"], [READ, "Only reads"], [ALL, "All calls"]];

/**
 * scopePicker(integrations) → a field for `form`, whose `scopes()` are the chosen ones
 *
 * `integrations` as GET /api/integrations/status has them.
 */
export function scopePicker(integrations) {
  const chosen = new Set();
  const calls = new Map();
  const error = el("p", { class: "error", id: uniqueID("scopes-error"), hidden: true });
  const summary = el("p", { class: "scope-summary", role: "status" });

  const boxes = OWN.map(([scope, text, endpoint]) => {
    const box = el("input", { type: "checkbox", onchange: () => {
      if (box.checked) chosen.add(scope);
      else chosen.delete(scope);
      changed();
    } });
    return el("label", { class: "choice" }, box, el("span", {},
      text, el("span", { class: "hint" }, el("code", {}, scope), " · ", endpoint)));
  });

  function callsOf({ id, name, configured }) {
    const group = uniqueID(`calls-${id}`);
    return el("fieldset", { class: "scope-call" },
      el("legend", {}, name, !configured && [" ", badge("plain", "Not configured")]),
      el("div", { class: "segments" }, CALLS.map(([value, word]) => el("label", {},
        el("input", {
          type: "radio", name: group, checked: value === "none", class: "visually-hidden",
          onchange: () => {
            calls.set(id, value);
            changed();
          },
        }), el("span", {}, word)))));
  }

  function scopes() {
    const ofCalls = integrations.map(({ id }) => ({
      [READ]: `call:${id}:read`, [ALL]: `call:${id}`,
    })[calls.get(id)]);
    return [...OWN.map(([scope]) => scope).filter((scope) => chosen.has(scope)),
      ...ofCalls.filter(Boolean)];
  }

  function changed() {
    setError(null);
    const all = scopes();
    fill(summary, all.length === 0 ? "Nothing chosen yet."
      : all.map((scope) => el("code", { class: "scope" }, scope)));
  }

  function setError(text) {
    error.hidden = !text;
    fill(error, text && [icon("error"), el("span", {}, text)]);
  }

  changed();
  const node = el("div", { class: "field scope-picker" },
    el("fieldset", { "aria-describedby": error.id },
      el("legend", {}, "On this server, it may"), el("div", { class: "choices" }, boxes)),
    el("div", { role: "group", "aria-label": "Calls through this server" },
      el("p", { class: "field-label", "aria-hidden": "true" }, "Calls through this server"),
      el("p", { class: "hint" },
        "With the server’s keys, which it never sees. Only reads: GET and HEAD."),
      el("div", { class: "scope-calls" }, integrations.map(callsOf))),
    summary, error);
  return {
    name: "scopes", node, setError, scopes,
    // What `form` wants of an input.
    input: { value: "", required: false, focus: () => node.querySelector("input").focus() },
  };
}
