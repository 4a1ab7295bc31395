// Where a live page says that it could not be loaded, or that it is not up to date.

import { el } from "../dom.js";
import { errorPanel, notice } from "./notices.js";
import { refill } from "./refill.js";

/**
 * problemArea({ retry, onLoss(isLost) }) → { node, show(error, hasData), clear() }
 *
 * The same trouble, told again and again by a poll, is drawn and read out once. `onLoss` is called
 * with whether there is nothing to show but the error.
 */
export function problemArea({ retry, onLoss = () => {} }) {
  const node = el("div", { class: "problem", hidden: true });

  function show(error, hasData) {
    refill(node, [error.code, error.message, hasData], () => (hasData
      ? notice("warn", "Not up to date", error.message, { role: "status" })
      : errorPanel(error, { retry })));
    node.hidden = false;
    onLoss(!hasData);
  }

  function clear() {
    refill(node, null, () => []);
    node.hidden = true;
    onLoss(false);
  }

  return { node, show, clear };
}
