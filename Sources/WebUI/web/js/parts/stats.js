// Statistics of the integrations that somebody looks at: asked for once they come into view, and
// again when the status shows that something has happened.

import * as api from "../api.js";

/** So that an idle chart moves on with the hours. */
const STALE_SECONDS = 300;
/** Cards just below the fold are asked for as well. */
const MARGIN = "240px";

/** Whether there is anything to count: without, nobody has to ask. */
export function hasStats(row) {
  return row.evidence !== null
    || row.proof_of_use_count_24h + row.failures_24h + row.reported_count_24h > 0;
}

/** statsKeeper(signal, (id, stats) => …) → { watch(node, id), learn(row), of(id), stop() } */
export function statsKeeper(signal, onStats) {
  const integrations = new Map();
  const ids = new WeakMap();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const one = at(ids.get(entry.target));
      one.isInView = entry.isIntersecting;
      load(one);
    }
  }, { rootMargin: MARGIN });
  const timer = setInterval(() => {
    if (document.hidden) return;
    for (const one of integrations.values()) {
      one.shown = null;
      load(one);
    }
  }, STALE_SECONDS * 1000);

  function at(id) {
    if (!integrations.has(id)) {
      integrations.set(id, {
        id, isInView: false, wanted: null, shown: null, stats: null, isLoading: false,
      });
    }
    return integrations.get(id);
  }

  async function load(one) {
    const { wanted } = one;
    if (!one.isInView || one.isLoading || wanted === null || wanted === one.shown) return;
    one.isLoading = true;
    try {
      const path = `/api/integrations/${encodeURIComponent(one.id)}/stats?hours=24`;
      one.stats = await api.get(path, { signal });
      one.shown = wanted;
      onStats(one.id, one.stats);
    } catch (error) {
      // The status is asked for all the time and tells of trouble; the next change tries again.
      if (!(error instanceof api.APIError)) throw error;
    } finally {
      one.isLoading = false;
    }
    if (one.wanted !== wanted) load(one);
  }

  function learn(row) {
    if (!hasStats(row)) return;
    const one = at(row.id);
    one.wanted = JSON.stringify([row.proof_of_use_count_24h, row.failures_24h,
      row.reported_count_24h, row.last_used_at, row.evidence?.trace_id]);
    load(one);
  }

  function watch(node, id) {
    ids.set(node, id);
    observer.observe(node);
  }

  function stop() {
    observer.disconnect();
    clearInterval(timer);
  }

  return { watch, learn, stop, of: (id) => integrations.get(id)?.stats ?? null };
}
