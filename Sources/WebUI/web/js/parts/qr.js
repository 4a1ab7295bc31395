// The QR code, which comes from the server as the text of an SVG.

import { svg } from "../dom.js";

/** What may be in it; anything else, and every other attribute, is left behind. */
const ALLOWED = {
  rect: ["x", "y", "width", "height", "fill"],
  path: ["d", "fill"],
};
/** Trusted Types want to know who vouches for parsed text. Nothing of it is imported: see below. */
const policy = globalThis.trustedTypes?.createPolicy("countersign-qr", {
  createHTML: (text) => text,
});

/** An `<svg>` built anew from the parsed one, element by element. */
export function qrCode(text, label) {
  const trusted = policy ? policy.createHTML(text) : text;
  const parsed = new DOMParser().parseFromString(trusted, "image/svg+xml").documentElement;
  const parts = [...parsed.children].filter((one) => one.localName in ALLOWED);
  return svg("svg", {
    class: "qr",
    role: "img",
    "aria-label": label,
    viewBox: parsed.getAttribute("viewBox"),
    "shape-rendering": "crispEdges",
  }, parts.map((one) => svg(one.localName, Object.fromEntries(
    ALLOWED[one.localName].map((name) => [name, one.getAttribute(name)])))));
}
