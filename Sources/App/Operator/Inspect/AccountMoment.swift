import Actors

/// An account at one moment, and what would have been said to its owner then. Pure: the rules are
/// those of `AccountState`, read instead of applied.
struct AccountMoment {
    let user: User
    let at: Timestamp

    /// What stands against signing in, worst first; empty when nothing does.
    var obstacles: [String] {
        var obstacles: [String] = []
        if user.isDisabled {
            obstacles.append(
                "the account is disabled: a right password is answered account_disabled; "
                    + "`users enable` opens it")
        }
        guard user.secondFactor != nil else { return obstacles }
        if let until = user.guesses.blockedUntil(at: at) {
            obstacles.append(
                "no code is judged until \(until.rfc3339) (429 too_many_attempts): "
                    + "\(user.guesses.consecutiveFailures) failures in a row; a password change "
                    + "clears it")
        }
        if user.isTOTPLocked {
            obstacles.append(
                "TOTP is locked after \(AccountPolicy.consecutiveFailuresMax) failures in a row: "
                    + "a backup code with the password opens it, or `users reset-second-factor`")
        }
        let alive = user.tempTokens.filter { $0.expiresAt > at }
        let exhausted = alive.count { $0.guessesLeft == 0 }
        if exhausted > 0 {
            obstacles.append(
                "\(exhausted) of \(alive.count) temp tokens have no guess left (401 "
                    + "temp_token_exhausted); a new sign-in makes another")
        }
        if user.secondFactor?.backupCodesRemaining == 0 {
            obstacles.append("no backup code is left")
        }
        return obstacles
    }

    private var secondFactor: String {
        guard let factor = user.secondFactor else {
            return user.pendingSetup == nil ? "off" : "off, a setup is waiting for its code"
        }
        return "on since \(factor.enrolledAt.rfc3339), \(factor.backupCodesRemaining) backup "
            + "codes left"
    }

    private var guesses: String {
        let free = max(0, AttemptDelay.freeFailures - user.guesses.consecutiveFailures)
        return "\(user.guesses.consecutiveFailures) failures in a row; \(free) more cost no delay, "
            + "TOTP is locked after \(AccountPolicy.consecutiveFailuresMax)"
    }

    private var tempTokens: String {
        let alive = user.tempTokens.filter { $0.expiresAt > at }
        guard !alive.isEmpty else { return "none" }
        return alive.map { "\($0.guessesLeft) guesses until \($0.expiresAt.rfc3339)" }
            .joined(separator: "; ")
    }

    /// The last entries of the owner's own list, newest first.
    private var activity: [String] {
        user.activity.suffix(Self.activityEntries).reversed().map { entry in
            "\(entry.at.rfc3339)  \(entry.kind.text)\(entry.count > 1 ? " ×\(entry.count)" : "")"
                + "  \(entry.address)  trace \(entry.trace)"
        }
    }

    /// What fits a screen.
    private static let activityEntries = 10

    var text: String {
        let rows = [
            ["account", "\(user.email) (\(user.id))"],
            ["role", user.role.rawValue],
            ["state", user.isDisabled ? "disabled" : "enabled"],
            ["created", user.createdAt.rfc3339],
            ["second factor", secondFactor],
            ["TOTP", user.isTOTPLocked ? "locked" : "not locked"],
            ["guesses", guesses],
            ["temp tokens", tempTokens],
            ["sessions", "\(user.sessions.count)"],
            [
                "reset token",
                user.resetToken.map { "until \($0.expiresAt.rfc3339)" } ?? "none",
            ],
        ]
        let reasons =
            obstacles.isEmpty
            ? ["Nothing stood against a right password and code."]
            : ["What stood against signing in:"] + obstacles.map { "  " + $0 }
        return
            ([TextTable(rows[0], Array(rows.dropFirst())).text, ""] + reasons
            + ["", "Activity up to then:"] + activity.map { "  " + $0 }
            + [
                "",
                "Delays after wrong passwords are kept in memory and are not in the log; each "
                    + "wrong password is an entry sign_in_refused above.",
            ]).joined(separator: "\n")
    }

    struct JSON: Encodable {
        let user: UserRow
        let failures_in_a_row: Int
        let blocked_until: String?
        let totp_locked: Bool
        let temp_tokens: Int
        let sessions: Int
        let obstacles: [String]
    }

    var json: JSON {
        JSON(
            user: UserRow(user.view), failures_in_a_row: user.guesses.consecutiveFailures,
            blocked_until: user.guesses.blockedUntil(at: at)?.rfc3339,
            totp_locked: user.isTOTPLocked,
            temp_tokens: user.tempTokens.count { $0.expiresAt > at },
            sessions: user.sessions.count, obstacles: obstacles)
    }
}
