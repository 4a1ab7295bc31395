// Icons of our own, on a 24 grid with one pen, and the mark. They only ever stand beside words.

import { svg } from "../dom.js";

const PATHS = {
  alert: "M12 4 21 19.5H3ZM12 10v4.5M12 17v.01",
  arrow: "M5 12h14M13 6l6 6-6 6",
  check: "M4.5 12.5l5 5L19.5 7",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10.5v10.5H9ZM5.5 15H4.5V4.5H15v1",
  cross: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM9 9l6 6M15 9l-6 6",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 19.5h15",
  down: "M6 9.5l6 6 6-6",
  error: "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7ZM12 8v5M12 16v.01",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 11v5.5M12 7.8v.01",
  key: "M14.5 4a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM10.5 13.5 4 20M7 17l2.5 2.5",
  list: "M8.5 6.5h11M8.5 12h11M8.5 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  minus: "M6 12h12",
  offline: "M3.5 3.5l17 17M5 12.5a10 10 0 0 1 4-2.4M13.5 9.7a10 10 0 0 1 5.5 2.8"
    + "M8.5 16a5.5 5.5 0 0 1 7 0M12 19.5v.01",
  pause: "M9 6v12M15 6v12",
  phone: "M7.5 3h9v18h-9ZM11 18h2",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7Z",
  play: "M8 5.5 18.5 12 8 18.5Z",
  plus: "M12 5v14M5 12h14",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L19.5 9M19.5 4v5h-5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5 20 20",
  shield: "M12 3.5l7.5 2.5v6c0 4-3 7-7.5 8.5-4.5-1.5-7.5-4.5-7.5-8.5V6Z",
  // Navigation
  overview: "M3.5 13.5h4l2.5-7 4 12 2.5-7h4",
  connections: "M9 7V3.5M15 7V3.5M6.5 7h11v4a5.5 5.5 0 0 1-11 0ZM12 16.5V21",
  alerts: "M4 5h16v11.5h-9L7 20v-3.5H4ZM8 9.5h8M8 12.5h5",
  tokens: "M3.5 7h17v10h-17ZM7 12h.01M10.5 12h.01M14 12h3",
  traces: "M5 5h9M5 5v14M5 12h5M5 19h5M14 12h5M14 19h5",
  settings: "M4 7.5h9M17.5 7.5H20M4 16.5h2.5M11 16.5h9M15.25 5.25v4.5M8.75 14.25v4.5",
  "sign-out": "M10 4H4.5v16H10M9.5 12H20M16 8l4 4-4 4",
};

/** An SVG of `name`, hidden from screen readers: the words beside it say the same. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }));
}

/** Two strokes of a pen: a signature, and the one that countersigns it. */
export function mark() {
  return svg("svg", { viewBox: "2 2 28 28", class: "mark", "aria-hidden": "true" },
    svg("path", { class: "first", d: "M5 9.5c7 .3 14 5.3 21 14.5" }),
    svg("path", { class: "second", d: "M4.5 19c3 .2 4.6 2.2 6 6C13.5 16.5 19 10 27.5 6.5" }));
}
