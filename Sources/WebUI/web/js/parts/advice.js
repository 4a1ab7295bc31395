// A suggested fix as the server words it, with what can be copied or opened made so.

import { el } from "../dom.js";

/** Addresses without the stop at a sentence's end, names of variables, and code in backticks. */
const SPECIAL = /(https:\/\/[^\s;,()]*[^\s;,().:]|`[^`]+`|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b)/;

export function advice(text) {
  return text.split(SPECIAL).map((piece, place) => {
    // Split with a group: each second piece is one that matched.
    if (place % 2 === 0) return piece;
    if (piece.startsWith("https:")) {
      return el("a", { href: piece, target: "_blank", rel: "noreferrer" }, piece);
    }
    return el("code", {}, piece.replaceAll("`", ""));
  });
}
