// The frame of a signed-in page: side navigation, or a top bar with a menu on narrow screens.

import { el, fill } from "../dom.js";
import * as session from "../session.js";
import { icon, mark } from "./icons.js";
import { watchHealth } from "./banners.js";
import { errorPanel } from "./notices.js";

const ITEMS = [
  { path: "overview", label: "Overview", isForAdmins: true },
  { path: "connections", label: "Connections" },
  { path: "alerts", label: "Alerts" },
  { path: "traces", label: "Traces" },
  { path: "tokens", label: "Tokens", isForAdmins: true },
  { path: "settings", label: "Settings" },
];

/** → { node, main, show(path), stop }: `main` is where a page draws itself. */
export function frame({ go }) {
  const list = el("ul", {});
  const who = el("div", { class: "whoami" });
  const problem = el("div", {});
  const side = el("div", { class: "side", id: "side" }, brand(),
    el("nav", { "aria-label": "Main" }, list), who);
  const menu = el("button", {
    type: "button", class: "button quiet", "aria-expanded": "false", "aria-controls": "side",
    onclick: () => toggle(!side.hasAttribute("data-open")),
  }, icon("menu"), "Menu");
  const main = el("main", { id: "main", tabindex: "-1" });
  const banners = el("section", { class: "banners", "aria-label": "Service notices",
    hidden: true });
  const masthead = el("header", { class: "masthead" },
    el("div", { class: "top" }, brand(), menu), side);
  const node = el("div", { class: "frame" }, masthead,
    el("div", { class: "content" }, banners, main));
  masthead.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !side.hasAttribute("data-open")) return;
    toggle(false);
    menu.focus();
  });

  function toggle(isOpen) {
    side.toggleAttribute("data-open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
    fill(menu, icon(isOpen ? "close" : "menu"), isOpen ? "Close" : "Menu");
  }

  let current = "";
  let drawn = null;
  function show(path) {
    current = path;
    toggle(false);
    draw();
    health.show(path);
  }

  function draw() {
    const user = session.user();
    const key = user && `${user.email} ${user.role} ${current}`;
    // Drawing anew would take the focus from a link, so it is done for a reason only.
    if (!user || key === drawn) return;
    drawn = key;
    fill(list, ITEMS.filter((item) => !item.isForAdmins || session.isAdmin())
      .map((item) => el("li", {}, el("a", {
        href: `#/${item.path}`, "aria-current": item.path === current ? "page" : null,
      }, icon(item.path), item.label))));
    fill(who,
      el("p", { class: "email", title: user.email }, user.email),
      el("p", { class: "muted" }, session.isAdmin() ? "Administrator" : "Member"),
      el("button", { type: "button", class: "button quiet small", onclick: signOut },
        icon("sign-out"), "Sign out"),
      problem);
  }

  async function signOut() {
    try {
      await session.signOut();
      go("sign-in?notice=signed-out", { replace: true });
    } catch (error) {
      fill(problem, errorPanel(error));
    }
  }

  const stopDrawing = session.onChange(draw);
  const health = watchHealth(banners);
  function stop() {
    stopDrawing();
    health.stop();
  }

  return { node, main, show, stop };
}

function brand() {
  return el("a", { class: "brand", href: "#/" }, mark(), "Countersign");
}
