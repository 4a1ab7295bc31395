// Columns over time: what went well grows upwards, what failed hangs below the line, so that the
// two are told apart by place and not by colour alone.

import { el, fill, svg } from "../dom.js";
import { count } from "./numbers.js";

const COLUMN = 10;
const GAP = { few: 2.5, many: 1.5 };
const MANY_COLUMNS = 30;
/** Something is always to be seen of what is not nothing. */
const HEIGHT_MIN = 2;
const MARK_HEIGHT = 3;
const MARK_GAP = 2;
const UP = -1;
const DOWN = 1;

/**
 * columnChart({
 *   label: "Calls by hour", height: 64, from: "24 h ago", to: "now", nothing: "No calls",
 *   up: [{ key: "ok", word: "ok" }], down: [{ key: "failed", word: "failed" }], marks: null,
 * }) → { node, update(columns) }
 *
 * A column is { title: "14:00–15:00", values: { ok: 3, failed: 0 } }. The series' keys are classes
 * of css/charts.css. `marks` is one more series, told by a tick below the columns: a part of what
 * the columns show, of either kind. The numbers of the column under the pointer are shown in the
 * place of the axis.
 */
export function columnChart({ label, height, from, to, nothing, up, down, marks = null }) {
  const series = [...up, ...down, ...(marks ? [marks] : [])];
  const picture = svg("svg", {
    class: "chart-plot", role: "img", "aria-label": label, preserveAspectRatio: "none", height,
  });
  const top = el("span", { class: "chart-max", "aria-hidden": "true" });
  const axis = el("p", { class: "chart-axis", "aria-hidden": "true" });
  let columns = [];
  let pointed = null;

  function update(newColumns) {
    columns = newColumns;
    drawPicture();
    drawAxis();
  }

  function drawPicture() {
    const { zero, scale } = proportions();
    const gap = columns.length > MANY_COLUMNS ? GAP.many : GAP.few;
    const bar = (key, place, y, size) => svg("rect", {
      class: `bar ${key}`, x: place * COLUMN + gap / 2, y, width: COLUMN - gap, height: size,
    });
    const stack = (column, place, parts, direction) => {
      let edge = direction === UP ? zero : zero + 1;
      return parts.map(({ key }) => {
        if (column.values[key] === 0) return null;
        const size = Math.max(HEIGHT_MIN, column.values[key] * scale);
        const start = edge;
        edge += size * direction;
        return bar(key, place, Math.min(start, edge), size);
      });
    };

    picture.setAttribute("viewBox", `0 0 ${columns.length * COLUMN} ${height}`);
    picture.setAttribute("aria-label", described(label, columns, series));
    fill(picture,
      columns.map((column, place) => [
        svg("rect", {
          class: place === pointed ? "ground pointed" : "ground",
          x: place * COLUMN, y: 0, width: COLUMN, height,
        }),
        stack(column, place, up, UP),
        stack(column, place, down, DOWN),
        marks && column.values[marks.key] > 0
          && bar(marks.key, place, height - MARK_HEIGHT, MARK_HEIGHT),
      ]),
      svg("rect", {
        class: "line", x: 0, y: zero, width: columns.length * COLUMN, height: 1,
      }));
  }

  /** Where the line is, and how high one is: the same for both directions. */
  function proportions() {
    const ups = Math.max(...columns.map((column) => sum(column, up)));
    const downs = Math.max(...columns.map((column) => sum(column, down)));
    top.textContent = ups > 0 ? `most: ${count(ups)}` : "";
    const room = height - 1 - (marks ? MARK_HEIGHT + MARK_GAP : 0);
    // On both sides there is room for the smallest bars.
    const fair = (room * downs) / Math.max(ups + downs, 1);
    const hanging = Math.min(Math.max(fair, HEIGHT_MIN * down.length),
      ups > 0 ? room - HEIGHT_MIN : room);
    const zero = Math.round(room - hanging);
    const scale = Math.min(ups > 0 ? zero / ups : Infinity, downs > 0 ? hanging / downs : Infinity);
    return { zero, scale };
  }

  function drawAxis() {
    const column = columns[pointed];
    const isEmpty = columns.every((one) => sum(one, series) === 0);
    if (column) {
      fill(axis, el("span", { class: "readout" }, `${column.title}: ${told(column, series)}`));
    } else {
      fill(axis, el("span", {}, from), isEmpty && el("span", {}, nothing), el("span", {}, to));
    }
  }

  function point(event) {
    const { left, width } = picture.getBoundingClientRect();
    const place = Math.floor(((event.clientX - left) / width) * columns.length);
    const valid = place >= 0 && place < columns.length ? place : null;
    if (valid === pointed) return;
    grounds()[pointed]?.classList.remove("pointed");
    grounds()[valid]?.classList.add("pointed");
    pointed = valid;
    drawAxis();
  }

  const grounds = () => picture.querySelectorAll(".ground");
  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerdown", point);
  picture.addEventListener("pointerleave", () => point({ clientX: -1e6 }));
  return { node: el("div", { class: "chart" }, top, picture, axis), update };
}

/** The same as a table, for those who want the exact numbers. */
export function columnTable({ caption, head, series, columns }) {
  return el("div", { class: "table-wrap chart-table", tabindex: "0", role: "group",
    "aria-label": caption },
  el("table", { class: "table" },
    el("caption", { class: "visually-hidden" }, caption),
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, head),
      series.map(({ word }) => el("th", { scope: "col", class: "numeric" }, word)))),
    el("tbody", {}, columns.map((column) => el("tr", {},
      el("th", { scope: "row" }, column.title),
      series.map(({ key }) => el("td", { class: "numeric" }, count(column.values[key]))))))));
}

/** A word with the colour that stands for it in a chart. */
export function legendItem(key, ...content) {
  return el("span", { class: "legend-item" },
    el("span", { class: `swatch ${key}`, "aria-hidden": "true" }), content);
}

function sum(column, parts) {
  return parts.reduce((total, { key }) => total + column.values[key], 0);
}

function told(column, series) {
  return series.map(({ key, word }) => `${count(column.values[key])} ${word}`).join(", ");
}

function described(label, columns, series) {
  const totals = Object.fromEntries(series.map(({ key }) => [
    key, columns.reduce((total, column) => total + column.values[key], 0)]));
  return `${label}: ${told({ values: totals }, series)}.`;
}
