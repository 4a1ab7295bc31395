// Settings: two-factor authentication, on or off, and its backup codes.

import * as api from "../api.js";
import { el, fill, svg } from "../dom.js";
import * as session from "../session.js";
import { relativeTime } from "../time.js";
import { showBackupCodes } from "./backup-codes.js";
import { openDialog } from "./dialog.js";
import { factorFields } from "./factor-fields.js";
import { openSetup } from "./factor-setup.js";
import { actionButton, codeField, digits, form } from "./form.js";
import { badge, errorPanel, notice, toast } from "./notices.js";
import { section } from "./section.js";

const CODES_MADE = 10;
const CODES_FEW = 3;

export function factorSection(page, changed) {
  const body = el("div", { class: "card-body" });
  const problem = el("div", { hidden: true });
  let shown = null;

  function draw() {
    const user = session.user();
    if (!user) return;
    const key = `${user.two_factor_enrolled_at} ${user.backup_codes_remaining}`;
    // Drawing anew would take the focus from a button that waits.
    if (key === shown) return;
    shown = key;
    tell(null);
    fill(body, user.two_factor_enabled ? whenOn(user) : whenOff(), problem);
  }

  function tell(error) {
    problem.hidden = error === null;
    fill(problem, error && errorPanel(error));
  }

  function whenOff() {
    return [
      el("p", { class: "row" }, badge("plain", "Off")),
      el("p", {}, "Your password alone opens this account."),
      actionButton("Set up two-factor authentication", setUp, {
        kind: "primary", iconName: "shield", onError: tell,
      }),
    ];
  }

  function whenOn(user) {
    return [
      el("p", { class: "row" }, badge("ok", "On"),
        el("span", { class: "muted" },
          relativeTime(user.two_factor_enrolled_at, { prefix: "Since " }))),
      ...codesLeft(user.backup_codes_remaining),
      el("div", { class: "actions" },
        el("button", { type: "button", class: "button", onclick: makeCodes },
          "Make new backup codes"),
        el("button", { type: "button", class: "button danger", onclick: turnOff }, "Turn off")),
    ];
  }

  async function setUp() {
    tell(null);
    const dialog = openSetup(await api.post("/api/auth/2fa/setup"));
    const answer = await dialog.closed;
    if (answer) await handOver(answer.backup_codes, answer.user);
    else changed();
  }

  function makeCodes() {
    const code = codeField({ label: "Code from your authenticator app" });
    const view = form({
      fields: [code],
      submit: "Make new backup codes",
      async onSubmit(values) {
        const path = "/api/auth/2fa/backup-codes";
        const answer = await api.post(path, { code: digits(values.code) });
        dialog.close();
        await handOver(answer.backup_codes, { backup_codes_remaining: answer.backup_codes.length });
      },
    });
    const dialog = openDialog({
      title: "Make new backup codes",
      size: "small",
      content: [el("p", {}, "The old ones stop working at once."), view.node],
    });
  }

  /** The codes first: nothing else may happen before somebody has seen them. */
  async function handOver(codes, user) {
    const isOver = showBackupCodes(page, codes);
    session.updateUser(user);
    changed();
    await isOver;
    body.querySelector(".button")?.focus();
  }

  function turnOff() {
    const factor = factorFields();
    const view = form({
      fields: factor.fields,
      submit: "Turn off",
      kind: "danger primary",
      extra: factor.swap,
      async onSubmit() {
        const answer = await api.post("/api/auth/2fa/disable", factor.proof());
        dialog.close();
        session.updateUser(answer.user);
        toast("Two-factor authentication is off.");
        changed();
        body.querySelector(".button")?.focus();
      },
    });
    const dialog = openDialog({
      title: "Turn off two-factor authentication",
      size: "small",
      content: [
        el("p", {}, "Your password alone will open this account. The backup codes end too."),
        view.node,
      ],
    });
  }

  draw();
  page.signal.addEventListener("abort", session.onChange(draw));
  return section("Two-factor authentication",
    "A code from an app on your phone, asked for after the password.", body);
}

function codesLeft(count) {
  const line = el("div", { class: "codes-left" },
    el("span", {}, `${count} of ${CODES_MADE} backup codes left`),
    svg("svg", { viewBox: `0 0 ${CODES_MADE * 12 - 4} 8`, class: "pips", "aria-hidden": "true" },
      Array.from({ length: CODES_MADE }, (_, at) => svg("rect", {
        x: at * 12, width: 8, height: 8, rx: 2, class: at < count ? "full" : null,
      }))));
  if (count > CODES_FEW) return [line];
  const title = count === 0 ? "No backup codes left" : "Few backup codes left";
  return [line, notice(count === 0 ? "bad" : "warn", title,
    "Without your phone and without a backup code, only an administrator can let you in. "
    + "Make new ones now.")];
}
