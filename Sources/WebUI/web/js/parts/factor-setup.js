// Turning two-factor authentication on: scan, then prove that the app gives the right codes.

import * as api from "../api.js";
import { el, fill } from "../dom.js";
import * as session from "../session.js";
import { copyButton } from "./copy.js";
import { openDialog } from "./dialog.js";
import { actionButton, codeField, digits, form } from "./form.js";
import { life } from "./life.js";
import { errorPanel, notice } from "./notices.js";
import { qrCode } from "./qr.js";

/** `offer` is the answer of 2fa/setup. The dialog's `closed` is the answer of 2fa/confirm. */
export function openSetup(offer) {
  const body = el("div", { class: "setup" });
  let stop = () => {};
  const dialog = openDialog({
    title: "Set up two-factor authentication",
    content: [body],
    onClose: () => stop(),
  });
  const show = (next) => {
    stop();
    stop = draw(body, next, dialog, show);
  };
  show(offer);
  return dialog;
}

/** Answers what ends its countdown. */
function draw(body, offer, dialog, again) {
  const code = codeField({ label: "Code that the app shows now" });
  const view = form({
    fields: [code],
    submit: "Turn on",
    async onSubmit(values) {
      try {
        const answer = await api.post("/api/auth/2fa/confirm", { code: digits(values.code) });
        dialog.close(answer);
      } catch (error) {
        if (error.code === "setup_not_started") return expire();
        if (error.code === "code_invalid") {
          code.input.value = "";
          code.input.focus();
        }
        throw error;
      }
      return undefined;
    },
  });
  const left = life({
    endsAt: Date.now() + offer.expires_in_seconds * 1000,
    seconds: offer.expires_in_seconds,
    words: "This QR code is valid for",
    onEnd: () => expire(),
  });

  function expire() {
    left.stop();
    const problem = el("div", {});
    const button = actionButton("Start again", async () => {
      again(await api.post("/api/auth/2fa/setup"));
    }, {
      kind: "primary",
      onError: (error) => fill(problem, errorPanel(error)),
    });
    fill(body, notice("warn", "This QR code has expired",
      "Remove its entry from your app if you scanned it, then scan a new one."), problem, button);
    button.focus();
  }

  fill(body,
    el("ol", { class: "setup-steps" },
      el("li", {},
        el("h3", {}, "Scan this with your authenticator app"),
        el("div", { class: "scan" },
          qrCode(offer.qr_svg, "QR code of the key below"),
          el("div", { class: "stack-small" },
            el("p", { class: "muted small" }, "Can’t scan? Enter this key by hand:"),
            el("p", {}, el("code", { class: "key" }, groups(offer.secret))),
            el("div", { class: "row" },
              copyButton(offer.secret, "key", { label: "Copy key" }),
              el("a", { class: "button phones-only", href: offer.otpauth_url }, "Open in an app")),
            el("p", { class: "muted small" },
              `Account ${session.user()?.email}, time-based, 6 digits.`))),
        left.node),
      el("li", {},
        el("h3", {}, "Enter the code"),
        view.node)));
  code.input.focus({ preventScroll: true });
  return left.stop;
}

const groups = (secret) => secret.replace(/(.{4})(?=.)/g, "$1 ");
