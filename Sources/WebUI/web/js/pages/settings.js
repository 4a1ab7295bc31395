// Settings: who you are, how you sign in, where you are signed in, and what happened.

import * as api from "../api.js";
import { el } from "../dom.js";
import { activitySection } from "../parts/activity-section.js";
import { factorSection } from "../parts/factor-section.js";
import { pageHeader } from "../parts/notices.js";
import { passwordSection } from "../parts/password-section.js";
import { profileSection } from "../parts/profile-section.js";
import { sessionsSection } from "../parts/sessions-section.js";
import * as session from "../session.js";

export const title = "Settings";
export const styles = ["cards", "tables", "settings", "dialogs", "backup-codes"];

export function render(page) {
  // A security change makes activity and ends sessions, so both lists look again after one.
  const lists = [sessionsSection(page), activitySection(page)];
  const changed = () => lists.forEach((one) => one.refresh());

  page.root.append(
    pageHeader("Settings"),
    el("div", { class: "settings" },
      profileSection(page, changed),
      passwordSection(page, changed),
      factorSection(page, changed),
      lists.map((one) => one.node)));

  // What this tab knows of the account may be old: another tab may have changed it.
  api.get("/api/auth/session", { signal: page.signal }).then(session.begin, () => {});
}
