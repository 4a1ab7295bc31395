// Which pages there are, who may see them, and where an address leads.

import * as session from "./session.js";

export const VISITOR = "visitor";
export const USER = "user";
export const ADMIN = "admin";

/** Path, audience, module. `:id` is a parameter. Modules are loaded when they are first opened. */
const ROUTES = [
  ["sign-in", VISITOR, () => import("./pages/sign-in.js")],
  ["second-step", VISITOR, () => import("./pages/second-step.js")],
  ["register", VISITOR, () => import("./pages/register.js")],
  ["reset", VISITOR, () => import("./pages/reset.js")],
  ["overview", ADMIN, () => import("./pages/overview.js")],
  ["connections", USER, () => import("./pages/connections.js")],
  ["alerts", USER, () => import("./pages/alerts.js")],
  ["tokens", ADMIN, () => import("./pages/tokens.js")],
  ["traces", USER, () => import("./pages/trace.js")],
  ["traces/:id", USER, () => import("./pages/trace.js")],
  ["settings", USER, () => import("./pages/settings.js")],
];
const NOT_FOUND = () => import("./pages/not-found.js");

/**
 * "#/traces/ab12?x=1" → { address, path, name, audience, load, params, query }; without a page of
 * that address `name` is null. `address` is all of it, for coming back.
 */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean);
  const base = {
    address: [parts.join("/"), query].filter(Boolean).join("?"),
    path: parts.join("/"),
    params: {},
    query: new URLSearchParams(query),
  };
  for (const [pattern, audience, load] of ROUTES) {
    const params = match(pattern.split("/"), parts);
    if (params) return { ...base, name: parts[0], audience, load, params };
  }
  return { ...base, name: null, audience: USER, load: NOT_FOUND };
}

function match(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  const params = {};
  for (const [at, name] of pattern.entries()) {
    if (name.startsWith(":")) params[name.slice(1)] = decoded(parts[at]);
    else if (name !== parts[at]) return null;
  }
  return params;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where this person has to be instead of there; null when they may stay. */
export function detour(target) {
  if (!session.user()) {
    if (target.audience === VISITOR) return null;
    return target.path ? `sign-in?next=${encodeURIComponent(target.address)}` : "sign-in";
  }
  if (target.path === "") return home();
  const isForVisitorsOnly = target.audience === VISITOR && target.name !== "reset";
  return isForVisitorsOnly ? afterSignIn(target.query) : null;
}

/** Where to go after signing in. Only ever a page of the console, never another address. */
export function afterSignIn(query) {
  const next = query.get("next");
  const target = parse(`#/${next ?? ""}`);
  return target.name !== null && target.audience !== VISITOR ? target.address : home();
}

/** What loads the page's module: for one that this person may not see, the page that says so. */
export function moduleOf(target) {
  const isRefused = target.audience === ADMIN && !session.isAdmin();
  return isRefused ? NOT_FOUND() : target.load();
}

function home() {
  return session.isAdmin() ? "overview" : "connections";
}
