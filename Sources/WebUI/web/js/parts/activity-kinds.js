// The kinds of security events, in words.

/** The API's kind → icon, whether it deserves a second look, and words. */
const KINDS = {
  registered: ["check", false, "Registered"],
  signed_in: ["check", false, "Signed in"],
  sign_in_refused: ["cross", true, "Sign-in refused"],
  signed_out: ["sign-out", false, "Signed out"],
  session_ended: ["sign-out", false, "Session ended"],
  other_sessions_ended: ["sign-out", false, "Other sessions ended"],
  password_changed: ["key", false, "Password changed"],
  password_reset: ["key", true, "Password set with a reset token"],
  phone_changed: ["phone", false, "Phone number changed"],
  two_factor_setup_started: ["shield", false, "Two-factor set-up started"],
  two_factor_enabled: ["shield", false, "Two-factor turned on"],
  two_factor_disabled: ["shield", true, "Two-factor turned off"],
  backup_codes_replaced: ["key", false, "New backup codes made"],
  backup_code_used: ["key", true, "Backup code used"],
  code_refused: ["cross", true, "Code refused"],
  two_factor_locked: ["alert", true, "Authenticator app locked after too many wrong codes"],
  two_factor_unlocked: ["shield", false, "Authenticator app unlocked"],
  stepped_up: ["check", false, "Identity confirmed"],
  made_admin: ["shield", true, "Made an administrator"],
  made_member: ["shield", true, "Made a member"],
  disabled: ["cross", true, "Account disabled by an administrator"],
  enabled: ["check", false, "Account enabled by an administrator"],
  sessions_ended_by_admin: ["sign-out", true, "Sessions ended by an administrator"],
  two_factor_reset_by_admin: ["shield", true, "Two-factor reset by an administrator"],
  password_reset_issued: ["key", true, "Reset token issued by an administrator"],
};

/** → { iconName, isNotable, words } */
export function activityKind(kind) {
  const [iconName, isNotable, words] = KINDS[kind] ?? ["info", false, kind.replaceAll("_", " ")];
  return { iconName, isNotable, words };
}
