// The last 24 hours of an integration, hour by hour and by outcome.

import { columnChart, columnTable } from "./charts.js";

const SERIES = {
  up: [{ key: "ok", word: "ok" }],
  down: [{ key: "failed", word: "failed" }],
  marks: { key: "reported", word: "reported" },
};
const HOUR_MILLISECONDS = 3_600_000;

/** → { node, update(hours) }, `hours` as GET /api/integrations/{id}/stats has them. */
export function dayChart(height) {
  const chart = columnChart({
    ...SERIES, label: "Calls of the last 24 hours", height, from: "24 h ago", to: "now",
    nothing: "No calls",
  });
  return { node: chart.node, update: (hours) => chart.update(asColumns(hours)) };
}

/** The same as a table. */
export function dayTable(hours) {
  return columnTable({
    caption: "Calls by hour", head: "Hour", columns: asColumns(hours),
    series: [...SERIES.up, ...SERIES.down, { key: "reported", word: "of both, reported" }],
  });
}

function asColumns(hours) {
  return hours.map((hour) => ({
    title: `${clockOf(hour.start)}–${clockOf(Date.parse(hour.start) + HOUR_MILLISECONDS)}`,
    values: hour,
  }));
}

/** "14:00", on the clock of whoever looks */
function clockOf(time) {
  return new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
