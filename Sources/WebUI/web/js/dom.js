// Builds elements. Text only ever becomes text: there is no way to pass HTML, so nothing that a
// provider or another user wrote can become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * el("p", { class: "lead" }, "Hello ", el("b", {}, name))
 *
 * A function is an event listener (`onclick: () => …`), true an attribute without a value; null,
 * undefined and false leave it out. Children are nodes, text, numbers, or lists of them.
 */
export function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

/** Replaces what is in a node. */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

let count = 0;

/** An id that no other element has, for labels and descriptions. */
export function uniqueID(prefix) {
  count += 1;
  return `${prefix}-${count}`;
}

const sheets = new Map();

/** Loads stylesheets that a page or part needs (names without `.css`), each once. */
export function styles(...names) {
  return Promise.all(names.map((name) => {
    if (!sheets.has(name)) sheets.set(name, loadSheet(name));
    return sheets.get(name);
  }));
}

function loadSheet(name) {
  return new Promise((resolve) => {
    const link = el("link", { rel: "stylesheet", href: `/css/${name}.css` });
    link.addEventListener("load", () => resolve());
    // A page without its stylesheet can still be used, and the next one may try again.
    link.addEventListener("error", () => {
      sheets.delete(name);
      link.remove();
      resolve();
    });
    document.head.append(link);
  });
}

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
    else if (name === "style" || name.startsWith("on")) throw new TypeError(`${name} as text`);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...flat(children));
  return node;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined
    && child !== false && child !== "");
}
