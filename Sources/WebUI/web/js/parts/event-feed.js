// The newest usage events of an integration, kept up to date without a gap, and older ones on
// demand. Knows nothing of how they are shown.

import * as api from "../api.js";
import { poll } from "../poll.js";

export const PAGE = 50;
const SECONDS = 3;
/** The most that the API gives at once. */
const PAGE_MAX = 200;
/** When more has happened since the last look, the list starts anew. */
const CATCH_UP_PAGES = 3;

/** eventFeed(signal, id, { onChange(events), onError, onRecovered }) → … */
export function eventFeed(signal, id, { onChange, onError, onRecovered }) {
  const base = `/api/integrations/${encodeURIComponent(id)}/events`;
  let events = [];
  let older = null;
  let live = null;

  async function onData(page) {
    try {
      await take(page);
    } catch (error) {
      if (!(error instanceof api.APIError)) throw error;
      if (!error.isCancelled) onError(error, true);
      return;
    }
    onChange(events);
  }

  async function take(page) {
    let fresh = page.events;
    let cursor = page.next_cursor;
    for (let pages = 0; pages < CATCH_UP_PAGES && isGap(fresh, cursor); pages += 1) {
      const next = await api.get(`${base}?limit=${PAGE_MAX}&cursor=${cursor}`, { signal });
      fresh = [...fresh, ...next.events];
      cursor = next.next_cursor;
    }
    if (events.length === 0 || isGap(fresh, cursor)) {
      events = fresh;
      older = cursor;
      return;
    }
    const names = new Set(fresh.map((event) => event.id));
    const rest = events.filter((event) => !names.has(event.id));
    // The new pages may reach further back than what was known.
    if (rest.length === 0) older = cursor;
    events = [...fresh, ...rest];
  }

  /** Whether between these and those that are shown there may be others. */
  function isGap(fresh, cursor) {
    if (events.length === 0 || cursor === null) return false;
    const names = new Set(events.map((event) => event.id));
    return !fresh.some((event) => names.has(event.id));
  }

  /** Far enough down to see how the ones end that are still under way. */
  function path() {
    const deepest = events.findLastIndex((event) => event.status === "pending");
    return `${base}?limit=${deepest < PAGE ? PAGE : PAGE_MAX}`;
  }

  function start() {
    live = poll(signal, path, { seconds: SECONDS, onData, onError, onRecovered });
  }

  function stop() {
    live?.stop();
    live = null;
  }

  async function loadOlder() {
    const page = await api.get(`${base}?limit=${PAGE}&cursor=${older}`, { signal });
    const names = new Set(events.map((event) => event.id));
    const added = page.events.filter((event) => !names.has(event.id));
    events = [...events, ...added];
    older = page.next_cursor;
    onChange(events);
    return added.length;
  }

  start();
  return {
    start, stop, loadOlder,
    refresh: () => live?.refresh(),
    hasOlder: () => older !== null,
  };
}
