// Tokens: which programs may use this server, and for what.

import * as api from "../api.js";
import { serverNow } from "../connection.js";
import { el, fill, styles as load } from "../dom.js";
import { cell } from "../parts/cell.js";
import { confirm } from "../parts/dialog.js";
import { actionButton } from "../parts/form.js";
import {
  badge, emptyState, errorPanel, pageHeader, skeleton, toast,
} from "../parts/notices.js";
import { problemArea } from "../parts/problem.js";
import { refillList } from "../parts/refill.js";
import { poll } from "../poll.js";
import { ago, relativeTime } from "../time.js";

export const title = "Tokens";
export const styles = ["cards", "tables", "tokens"];

const SECONDS = 15;
const SOON_SECONDS = 7 * 86_400;
const HEADINGS = ["Name", "May", "Created", "Last used", "Expires"];

export function render(page) {
  const problem = problemArea({
    retry: () => live.refresh(),
    onLoss: (isLost) => { card.hidden = isLost; },
  });
  const failure = el("div", { hidden: true });
  const body = el("tbody", {});
  const table = el("div", { class: "table-wrap" },
    el("table", { class: "table rows tokens" },
      el("caption", { class: "visually-hidden" }, "Live tokens, newest first"),
      el("thead", {}, el("tr", {},
        HEADINGS.map((word) => el("th", { scope: "col" }, word)),
        el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "Action")))),
      body));
  const card = el("section", { class: "card", "aria-label": "Live tokens" },
    el("div", { class: "card-body" }, skeleton("half", "", "half", "")));
  const mint = actionButton("Mint a token", openMint, {
    kind: "primary", iconName: "plus", onError: tell,
  });
  page.root.append(
    pageHeader("Tokens", {
      lead: "For programs. Each may do what its scopes say; it calls providers with the server’s "
        + "keys and never sees them.",
      actions: [mint],
    }),
    el("div", { class: "cards" }, failure, problem.node, card));

  const live = poll(page.signal, "/api/tokens", {
    seconds: SECONDS,
    onData({ tokens }) {
      problem.clear();
      draw(tokens);
    },
    onError: problem.show,
    onRecovered: problem.clear,
  });

  function draw(tokens) {
    if (tokens.length === 0) {
      fill(card, emptyState("tokens", "No tokens yet",
        "A program needs one to call providers through this server, to report uses, "
          + "or to read the status."));
      return;
    }
    if (!card.contains(table)) fill(card, table);
    refillList(body, tokens, { id: (token) => token.id, draw: row });
  }

  function row(token) {
    return el("tr", {},
      cell("Name", el("span", { class: "token-name", title: token.id }, token.name)),
      cell("May", el("span", { class: "scopes" },
        token.scopes.map((scope) => el("code", { class: "scope" }, scope)))),
      cell("Created", relativeTime(token.created_at)),
      cell("Last used", relativeTime(token.last_used_at)),
      cell("Expires", expiry(token.expires_at)),
      el("td", { class: "end" }, el("button", {
        type: "button", class: "button small danger", "aria-label": `Revoke ${token.name}`,
        onclick: () => revoke(token),
      }, "Revoke")));
  }

  /** What went wrong when the dialog was to be opened; null: nothing. */
  function tell(error) {
    fill(failure, error && errorPanel(error));
    failure.hidden = !error;
  }

  async function openMint() {
    tell(null);
    const [{ mintToken }, { integrations }] = await Promise.all([
      import("../parts/token-dialog.js"),
      api.get("/api/integrations/status", { signal: page.signal }),
      load("dialogs"),
    ]);
    mintToken(page, integrations, live.refresh);
  }

  async function revoke(token) {
    const isDone = await confirm({
      title: `Revoke “${token.name}”?`,
      text: [
        token.last_used_at ? `It was last used ${ago(token.last_used_at)}.` : "It was never used.",
        "Whatever uses it is refused from now on. This can’t be undone.",
      ],
      button: "Revoke token",
      kind: "danger",
      action: () => api.remove(`/api/tokens/${encodeURIComponent(token.id)}`).catch((error) => {
        // It has ended by itself, or somebody else was faster: what was asked for is so.
        if (error.code !== "token_unknown") throw error;
      }),
    });
    if (!isDone) return;
    toast(`“${token.name}” is revoked.`);
    await live.refresh();
    // The button that had the focus is gone with its row.
    mint.focus();
  }
}

function expiry(at) {
  if (!at) return el("span", { class: "muted" }, "never");
  const isSoon = (Date.parse(at) - serverNow()) / 1000 < SOON_SECONDS;
  return el("span", { class: "row" }, relativeTime(at), isSoon && badge("warn", "Soon"));
}
