// Keeps a page up to date: asks again while somebody looks at it.

import * as api from "./api.js";
import * as connection from "./connection.js";

const WAIT_SECONDS_MAX = 60;

/**
 * poll(page.signal, "/api/integrations/status", {
 *   seconds: 5,
 *   onData(body) {},              // only when the answer is new (by ETag)
 *   onError(error, hasData) {},   // each failure; the next success calls onRecovered
 *   onRecovered() {},
 * }) → { refresh(): Promise, stop() }
 *
 * Sleeps while the tab is hidden, asks at once when it is looked at again or the server is back,
 * and asks less often while it fails. `path` may be a function, for cursors and filters.
 */
export function poll(signal, path, { seconds, onData, onError, onRecovered = () => {} }) {
  let timer = null;
  let last = null;
  let failures = 0;
  let turn = 0;
  let isStopped = false;

  async function ask() {
    clearTimeout(timer);
    turn += 1;
    const mine = turn;
    const isLate = () => isStopped || mine !== turn;
    try {
      const body = await api.get(typeof path === "function" ? path() : path, { signal });
      if (isLate()) return;
      if (failures > 0) onRecovered();
      failures = 0;
      if (body !== last) onData(last = body);
    } catch (error) {
      if (isLate() || error.isCancelled) return;
      // A mistake in onData is ours: it belongs into the console, not into an error panel.
      if (!(error instanceof api.APIError)) throw error;
      failures += 1;
      onError?.(error, last !== null);
    } finally {
      if (!isLate()) plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (document.hidden) return;
    const wait = Math.min(seconds * 2 ** failures, Math.max(seconds, WAIT_SECONDS_MAX));
    timer = setTimeout(ask, wait * 1000);
  }

  const look = () => (document.hidden ? clearTimeout(timer) : ask());
  const reconnect = connection.onChange((isLost) => {
    if (!isLost && failures > 0) ask();
  });

  function stop() {
    isStopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
    reconnect();
  }

  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", stop, { once: true });
  ask();
  return { refresh: ask, stop };
}
