// Starts the console and moves between its pages. A page is a module of js/pages with a `title`,
// the `styles` that it needs, and `render(page)`, which may answer a function that ends it.

import { APIError, hooks } from "./api.js";
import * as connection from "./connection.js";
import { el, fill, styles } from "./dom.js";
import { icon } from "./parts/icons.js";
import { errorPanel, skeleton } from "./parts/notices.js";
import { detour, moduleOf, parse, VISITOR } from "./routes.js";
import * as session from "./session.js";

/** Faster than this, a skeleton would only flicker. */
const SKELETON_MILLISECONDS = 200;

const app = document.getElementById("app");
let open = null;
let shell = null;
let turn = 0;
let isExpiryPending = false;

/** Goes to a page; with `replace` there is no step back to this one. */
function go(path, { replace = false } = {}) {
  const hash = `#/${path}`;
  if (!replace && location.hash !== hash) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, "", hash);
  show();
}

async function show() {
  const target = parse(location.hash);
  const elsewhere = detour(target);
  if (elsewhere !== null) {
    go(elsewhere, { replace: true });
    return;
  }
  turn += 1;
  const mine = turn;
  leave();
  const isEntry = target.audience === VISITOR;
  const waiting = setTimeout(() => {
    if (shell && !isEntry) fill(shell.main, skeleton("half", "", "tall"));
  }, SKELETON_MILLISECONDS);
  // A part that does not arrive is null: then the person is told, in whatever has arrived.
  const [module] = await Promise.all([
    loadPage(target).catch(() => null),
    isEntry ? styles("entry") : prepareShell().catch(() => null),
  ]);
  clearTimeout(waiting);
  if (mine !== turn) return;
  const main = isEntry || !shell ? entry() : framed(target);
  if (module) render(module, target, main);
  else showProblem(main, notLoaded());
}

async function loadPage(target) {
  const module = await moduleOf(target);
  await styles(...(module.styles ?? []));
  return module;
}

function render(module, target, main) {
  const controller = new AbortController();
  const here = { hash: location.hash, controller, stop: null, guard: null };
  open = here;
  fill(main);
  document.title = `${module.title} · Countersign`;
  scrollTo(0, 0);
  here.stop = module.render({
    root: main,
    params: target.params,
    query: target.query,
    signal: controller.signal,
    go,
    guardLeaving: (mayLeave) => guard(here, mayLeave),
  });
  focusHeading(main);
}

function focusHeading(main) {
  const heading = main.querySelector("h1");
  // A page may have put the focus into its first field.
  if (!heading || main.contains(document.activeElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

// Leaving

function leave() {
  dispatchEvent(new Event("countersign:leave"));
  open?.controller.abort();
  open?.stop?.();
  open = null;
}

function guard(here, mayLeave) {
  here.guard = mayLeave;
  if (!mayLeave && isExpiryPending) expire();
}

addEventListener("hashchange", async () => {
  if (location.hash === open?.hash) return;
  if (open?.guard && !(await open.guard())) {
    history.replaceState(null, "", open.hash);
    return;
  }
  show();
});

addEventListener("beforeunload", (event) => {
  if (open?.guard) event.preventDefault();
});

// Where pages stand

function entry() {
  shell?.stop();
  shell = null;
  const main = el("main", { id: "main", tabindex: "-1" });
  fill(app, el("div", { class: "entry" }, main));
  return main;
}

async function prepareParts() {
  const [{ frame }] = await Promise.all([import("./parts/frame.js"), styles("layout")]);
  return frame;
}

async function prepareShell() {
  const frame = await prepareParts();
  shell ??= frame({ go });
}

function framed(target) {
  if (!shell.node.isConnected) fill(app, shell.node);
  shell.show(target.name);
  return shell.main;
}

// When something fails

function notLoaded() {
  return new APIError({
    error_code: "page_not_loaded",
    message: "A part of the console could not be loaded.",
    suggested_fix: "Check your connection, then try again.",
  }, 0);
}

function showProblem(main, error) {
  document.title = "Not loaded · Countersign";
  fill(main, el("div", { class: "stack" },
    el("h1", { tabindex: "-1" }, "This page could not be loaded"),
    errorPanel(error, { retry: () => location.reload() })));
  focusHeading(main);
}

function expire() {
  if (!session.user()) return;
  // Backup codes that are on the screen and not saved yet are worth more than a tidy sign-out.
  isExpiryPending = Boolean(open?.guard);
  if (isExpiryPending) return;
  const { address } = parse(location.hash);
  session.end();
  go(`sign-in?notice=expired&next=${encodeURIComponent(address)}`, { replace: true });
}

function otherTab(isSignedOut) {
  if (isSignedOut) expire();
  else if (!open?.guard) location.reload();
}

async function stepUp() {
  const part = await import("./parts/step-up.js").catch(() => { throw notLoaded(); });
  return await part.stepUp();
}

function showConnection(isLost) {
  fill(document.getElementById("offline"), isLost && el("div", { class: "offline-bar" },
    icon("offline"), "The server can’t be reached. Trying again by itself."));
}

// Starting

async function start() {
  hooks.expired = expire;
  hooks.stepUp = stepUp;
  connection.onChange(showConnection);
  session.onChangeElsewhere(otherTab);
  document.querySelector(".skip-link").addEventListener("click", (event) => {
    // The fragment is the router's, so the link must not change it.
    event.preventDefault();
    document.getElementById("main")?.focus();
  });
  // The frame will be needed when somebody is signed in, so it comes along meanwhile.
  if (session.isLikely()) prepareParts().catch(() => {});
  try {
    await session.load();
  } catch (error) {
    await styles("entry");
    showProblem(entry(), error);
    return;
  }
  await show();
}

start();
