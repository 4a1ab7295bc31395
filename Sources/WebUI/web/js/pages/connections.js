// Connections: each integration with what is configured, what works, and what was really used.

import { el, fill, styles as load } from "../dom.js";
import { chips } from "../parts/chips.js";
import { integrationCard } from "../parts/integration-card.js";
import { emptyState, notice, pageHeader, skeleton } from "../parts/notices.js";
import { problemArea } from "../parts/problem.js";
import { refill } from "../parts/refill.js";
import { byUrgency, CATEGORIES, groupOf, GROUPS } from "../parts/states.js";
import { statsKeeper } from "../parts/stats.js";
import { poll } from "../poll.js";

export const title = "Connections";
export const styles = ["cards", "chips", "facts", "charts", "connections"];

const SECONDS = 5;
const ALL = "all";
const HERE = "#/connections";

export function render(page) {
  const rows = new Map();
  const cards = new Map();
  let wantsOpen = page.query.get("open");

  const problem = problemArea({
    retry: () => live.refresh(),
    onLoss: (isLost) => { list.hidden = isLost; },
  });
  const stray = el("div", {});
  const list = el("div", { class: "cards" }, placeholders());
  const none = el("div", { class: "card", hidden: true },
    emptyState("search", "No integration fits", "Choose another state or category."));
  const intro = el("div", {});
  const state = chips({ legend: "Show integrations that are", onChange: arrange });
  const category = el("select", { class: "input", "aria-label": "Category", onchange: arrange });
  const bar = el("div", { class: "filters", hidden: true }, state.node, category);
  page.root.append(
    pageHeader("Connections", {
      lead: "What is set up, what has been seen to work, and what was really used. "
        + "Each is shown for itself: none proves another.",
    }),
    intro, bar, stray, problem.node, list, none);

  const stats = statsKeeper(page.signal, (id) => cards.get(id)?.update(rows.get(id), stats.of(id)));
  const live = poll(page.signal, "/api/integrations/status", {
    seconds: SECONDS,
    onData(body) {
      problem.clear();
      const isFirst = rows.size === 0;
      body.integrations.forEach(show);
      drawFilters();
      refill(intro, body.integrations.every((row) => !row.configured), welcome);
      if (isFirst) arrange();
      if (wantsOpen) open(wantsOpen);
      wantsOpen = null;
    },
    onError: problem.show,
    onRecovered: problem.clear,
  });

  function show(row) {
    rows.set(row.id, row);
    if (!cards.has(row.id)) {
      const card = integrationCard(row, {
        onOpen: open,
        onStatus(changed) {
          show(changed);
          drawFilters();
          live.refresh();
        },
      });
      cards.set(row.id, card);
      stats.watch(card.node, row.id);
    }
    cards.get(row.id).update(row, stats.of(row.id));
    stats.learn(row);
  }

  // Filters

  function drawFilters() {
    const all = [...rows.values()];
    const numbers = Object.groupBy(all, groupOf);
    state.update([
      [ALL, "All", all.length],
      ...GROUPS.filter(([name]) => numbers[name])
        .map(([name, word]) => [name, word, numbers[name].length]),
    ]);
    bar.hidden = false;
    if (category.options.length > 0) return;
    const present = new Set(all.map((row) => row.category));
    fill(category,
      el("option", { value: ALL }, "All categories"),
      [...present].map((name) => el("option", { value: name }, CATEGORIES[name] ?? name)));
  }

  /**
   * What needs attention first. Sorted when the page opens and when the filter changes, and not in
   * between: nothing jumps away from under a pointer.
   */
  function arrange() {
    const isFiltered = state.value() !== ALL || category.value !== ALL;
    const order = [...rows.values()].sort(byUrgency).filter((row) =>
      (state.value() === ALL || groupOf(row) === state.value())
      && (category.value === ALL || row.category === category.value));
    fill(list, order.map((row) => cards.get(row.id).node));
    none.hidden = order.length > 0 || !isFiltered;
  }

  // The pop-out

  async function open(id) {
    const row = rows.get(id);
    if (!row) {
      fill(stray, notice("plain", `There is no integration “${id}”`,
        "The address may be mistyped, or the catalogue has changed.", { role: "status" }));
      return;
    }
    const [{ openEvents }] = await Promise.all([
      import("../parts/event-dialog.js"), load("events", "tables")]);
    if (page.signal.aborted) return;
    const hash = `${HERE}?open=${encodeURIComponent(id)}`;
    history.replaceState(null, "", hash);
    openEvents(page.signal, row, () => {
      // A link of the dialog may have led away already.
      if (location.hash === hash) history.replaceState(null, "", HERE);
    });
  }

  return stats.stop;
}

function welcome(isNew) {
  return isNew && notice("accent", "No integration is set up yet",
    "Each card names the variables that it needs and where its keys are made. "
      + "Set those of one provider in the server’s environment, and start it again.");
}

function placeholders() {
  return [1, 2, 3].map(() => el("div", { class: "card" },
    el("div", { class: "card-body placeholder" }, skeleton("short", "", "half", "tall"))));
}
