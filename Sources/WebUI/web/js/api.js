// The only place that talks to the server. Answers are plain objects; every failure is an APIError.

import * as connection from "./connection.js";

const ANSWER_SECONDS_MAX = 30;
const REMEMBERED_MAX = 64;

/** What went wrong, in the server's words, or in ours where there was no answer. */
export class APIError extends Error {
  constructor(body, status) {
    super(body.message);
    this.name = "APIError";
    this.status = status;
    this.code = body.error_code;
    this.suggestedFix = body.suggested_fix ?? null;
    this.traceID = body.trace_id ?? null;
    this.field = body.field ?? null;
    this.retryAfterSeconds = body.retry_after_seconds ?? null;
    /** The whole body: some failures say more, such as `event_id` of an SMS. */
    this.body = body;
  }

  get isOffline() {
    return this.code === "offline";
  }

  /** A person closed the step-up dialog, or left the page: nothing to tell them. */
  get isCancelled() {
    return this.code === "cancelled";
  }
}

/** Set by app.js. `stepUp()` answers how the person proved who they are, or null. */
export const hooks = { expired: () => {}, stepUp: async () => null };

export const get = (path, options) => read(path, options ?? {});
export const post = (path, body, options) => send("POST", path, body, options ?? {});
export const patch = (path, body, options) => send("PATCH", path, body, options ?? {});
export const remove = (path, options) => send("DELETE", path, undefined, options ?? {});

/** Forgets all remembered answers: they belong to whoever was signed in. */
export function forget() {
  remembered.clear();
  underWay.clear();
}

// Reading

/** path → { etag, body, content }: the last answers. */
const remembered = new Map();
/** path → the request under way, so that two parts of a page ask once. */
const underWay = new Map();

/**
 * An answer that has not changed is the very same object as before, so `===` tells. The server says
 * so (304); where it has no ETag, all but the trace id is compared.
 *
 * With a `signal` the caller stops waiting; the request itself may have others who wait for it.
 */
function read(path, { signal }) {
  let asked = underWay.get(path);
  if (!asked) {
    asked = readOnce(path, (answer) => {
      if (underWay.get(path) === asked) remember(path, answer);
    }).finally(() => {
      if (underWay.get(path) === asked) underWay.delete(path);
    });
    underWay.set(path, asked);
  }
  return abandonable(asked, signal);
}

async function readOnce(path, keep) {
  const known = remembered.get(path);
  const headers = known?.etag ? { "If-None-Match": known.etag } : {};
  const answer = await request("GET", path, { headers });
  if (answer.status === 304 && known) return known.body;
  const body = await bodyOf(answer);
  const content = JSON.stringify({ ...body, trace_id: null });
  const isSame = content === known?.content;
  const kept = { etag: answer.headers.get("ETag"), body: isSame ? known.body : body, content };
  keep(kept);
  return kept.body;
}

function remember(path, answer) {
  remembered.delete(path);
  remembered.set(path, answer);
  if (remembered.size > REMEMBERED_MAX) remembered.delete(remembered.keys().next().value);
}

function abandonable(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const leave = () => reject(cancelled());
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

// Changing

async function send(method, path, body, options) {
  try {
    return await exchange(method, path, body, options);
  } catch (error) {
    if (error.code !== "step_up_required") throw error;
    const proof = await hooks.stepUp();
    if (!proof) throw cancelled();
    // A code opens one door only. The server would refuse this one as used, and count it.
    if (proof.usedCode && body?.code) throw codeUsed();
    return await exchange(method, path, body, options);
  }
}

async function exchange(method, path, body, { signal, headers }) {
  const content = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await request(method, path, {
    signal,
    headers: { ...content, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  // What was asked before this change may be answered without it: nobody may join that any more.
  underWay.clear();
  return await bodyOf(answer);
}

// The wire

async function request(method, path, { signal, headers, body }) {
  const deadline = AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000);
  try {
    const answer = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...headers },
      body,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    connection.reached(answer.headers.get("Date"));
    return answer;
  } catch {
    if (signal?.aborted) throw cancelled();
    connection.lost();
    throw offline();
  }
}

async function bodyOf(answer) {
  const body = await answer.json().catch(() => null);
  if (answer.ok && body) return body;
  const error = new APIError(body?.error_code ? body : unreadable(answer), answer.status);
  if (error.code === "not_signed_in") hooks.expired(error);
  throw error;
}

function unreadable(answer) {
  return {
    error_code: "unreadable_answer",
    message: `The server gave an answer that the console can't read (status ${answer.status}).`,
    suggested_fix: "Reload the page; a proxy between here and the server may have answered.",
    trace_id: answer.headers.get("x-trace-id"),
  };
}

function offline() {
  return new APIError({
    error_code: "offline",
    message: "The server can't be reached.",
    suggested_fix: "Check your connection, and that the server runs.",
  }, 0);
}

function cancelled() {
  return new APIError({ error_code: "cancelled", message: "Nothing was changed." }, 0);
}

function codeUsed() {
  return new APIError({
    error_code: "code_used",
    message: "That code has just confirmed that it’s you, and works only once.",
    suggested_fix: "Wait for the next code of the authenticator app and enter it here.",
    field: "code",
  }, 0);
}
