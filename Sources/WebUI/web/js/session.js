// Who is signed in.

import * as api from "./api.js";

/**
 * The cookie can't be read by scripts (HttpOnly), so this remembers whose there should be, by user
 * id: a visitor who never signed in costs no request and no 401 in the browser's console, and
 * other tabs learn who has signed in or out.
 */
const HINT = "countersign.signed-in";
const NOBODY = "no";

const listeners = new Set();
let current = null;
let factor = null;

/** The user as the API describes it, or null. */
export const user = () => current?.user ?? null;
export const isAdmin = () => user()?.role === "admin";

/** Calls `listener()` when the user signs in or out, or changes. Answers what ends that. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Calls `listener(isSignedOut)` when another tab has changed who is signed in: all tabs share the
 * cookie, so what this one shows is somebody else's by then.
 */
export function onChangeElsewhere(listener) {
  addEventListener("storage", (event) => {
    if (event.key !== HINT || !current || event.newValue === current.user.id) return;
    listener((event.newValue ?? NOBODY) === NOBODY);
  });
}

/** Whether it is worth asking the server. */
export const isLikely = () => hint() !== NOBODY;

/** Asks the server. Answers whether somebody is signed in; throws when it can't be told. */
export async function load() {
  if (!isLikely()) return false;
  try {
    begin(await api.get("/api/auth/session"));
    return true;
  } catch (error) {
    if (error.status !== 401) throw error;
    end();
    return false;
  }
}

/** `answer` is one that has `user` and `session`: of login, verify, register, step-up … */
export function begin(answer) {
  factor = null;
  current = { user: answer.user, session: answer.session ?? current?.session ?? null };
  remember(current.user.id);
  tell();
}

/** Takes over a changed user, or one with the changed members given. */
export function updateUser(changed) {
  if (!current) return;
  current = { ...current, user: { ...current.user, ...changed } };
  tell();
}

export async function signOut() {
  await api.post("/api/auth/logout");
  end();
}

/** Forgets everything about the user. */
export function end() {
  current = null;
  factor = null;
  api.forget();
  remember(NOBODY);
  tell();
}

// Between the two steps of signing in. Held in memory only: a temp_token is half a session.

/** → { email, tempToken, seconds, endsAt } or null */
export const pendingFactor = () => factor;

export function awaitFactor(email, answer) {
  const seconds = answer.expires_in_seconds;
  factor = { email, tempToken: answer.temp_token, seconds, endsAt: Date.now() + seconds * 1000 };
}

export function dropFactor() {
  factor = null;
}

function tell() {
  for (const listener of listeners) listener();
}

function hint() {
  try {
    return localStorage.getItem(HINT) ?? NOBODY;
  } catch {
    return "unknown";
  }
}

function remember(value) {
  try {
    localStorage.setItem(HINT, value);
  } catch {
    // Storage is blocked: then the server is asked each time.
  }
}
