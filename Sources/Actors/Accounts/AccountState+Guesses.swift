/// The guess budget: one for an account, over all its factors, temp_tokens and sessions.
///
/// A guess against a ±1 window wins with p = 3·10⁻⁶; 100 consecutive failures lock TOTP, so the
/// odds for the life of an account are at most 3·10⁻⁴ (NIST SP 800-63B-4 §3.2.2).
extension AccountState {
    /// The account whose password this temp_token proves.
    package func owner(ofTempToken digest: TokenDigest, at now: Timestamp) throws(AccountError)
        -> User
    {
        guard let user = userByTempToken[digest].flatMap({ users[$0] }),
            let token = user.tempTokens.first(where: { $0.digest == digest }),
            now < token.expiresAt, !user.isDisabled
        else { throw .tempTokenInvalid }
        guard token.guessesLeft > 0 else { throw .tempTokenExhausted }
        return user
    }

    /// Nothing is judged while the account is in its delay, backup codes included.
    func checkDelay(of user: User, at now: Timestamp) throws(AccountError) {
        if let seconds = user.guesses.retryAfterSeconds(at: now) {
            throw .tooManyAttempts(retryAfterSeconds: seconds)
        }
    }

    /// Judges a TOTP code at once: the check and the claim are in one turn, with nothing between.
    func judgeTOTP(
        _ code: String, secret: [UInt8], of user: User, after lastStep: Int64,
        token: TokenDigest?, context: CommandContext, policy: AccountPolicy
    ) -> AccountVerdict<Int64> {
        do throws(AccountError) {
            try checkDelay(of: user, at: context.at)
        } catch {
            return .refuse(error)
        }
        guard !user.isTOTPLocked else { return .refuse(.twoFactorLocked) }
        let step = TOTP.matchingStep(
            code, secret: secret, at: context.at, window: policy.totpWindowSteps, after: lastStep)
        guard let step else {
            return .refuse(
                .codeInvalid,
                [.guessDebited(user.id, token: token, at: context.at)]
                    + refusal(of: user, failures: user.guesses.consecutiveFailures + 1, context))
        }
        return .accept(step, [])
    }

    /// What a judged and wrong code leaves behind, when `failures` in a row include it.
    func refusal(of user: User, failures: Int, _ context: CommandContext) -> [AccountEvent] {
        var events: [AccountEvent] = [
            .activityRecorded(user.id, context.activity(.codeRefused))
        ]
        if failures >= AccountPolicy.consecutiveFailuresMax, !user.isTOTPLocked {
            events.append(.totpLocked(user.id))
            events.append(.activityRecorded(user.id, context.activity(.twoFactorLocked)))
        }
        return events
    }

    /// The debit before a backup code is hashed, and the hash to compare with (nil when that code
    /// was used already: the work is done all the same).
    package func debitForBackupCode(
        _ code: BackupCode, of id: UserID, token: TokenDigest?, context: CommandContext
    ) -> AccountVerdict<String?> {
        guard let user = users[id] else { return .refuse(.userUnknown) }
        guard let factor = user.secondFactor else { return .refuse(.twoFactorNotEnabled) }
        do throws(AccountError) {
            try checkDelay(of: user, at: context.at)
        } catch {
            return .refuse(error)
        }
        let hash =
            factor.backupCodeHashes.indices.contains(code.index)
            ? factor.backupCodeHashes[code.index] : nil
        return .accept(hash, [.guessDebited(id, token: token, at: context.at)])
    }

    /// The facts of a right code: what it used up, and what it opened.
    func acceptance(
        _ used: AccountEvent.UsedCode, of user: User, context: CommandContext
    ) -> [AccountEvent] {
        var events: [AccountEvent] = [.codeAccepted(user.id, used)]
        if case .backup = used {
            events.append(.activityRecorded(user.id, context.activity(.backupCodeUsed)))
            if user.isTOTPLocked {
                events.append(.totpUnlocked(user.id))
                events.append(.activityRecorded(user.id, context.activity(.twoFactorUnlocked)))
            }
        }
        return events
    }

    /// After hashing: whether the backup code can still be claimed.
    func claimBackupCode(
        _ code: BackupCode, hash: String?, isRight: Bool, of id: UserID, context: CommandContext
    ) -> AccountVerdict<User> {
        guard let user = users[id] else { return .refuse(.userUnknown) }
        guard isRight, let hash, let factor = user.secondFactor,
            factor.backupCodeHashes.indices.contains(code.index),
            factor.backupCodeHashes[code.index] == hash
        else {
            return .refuse(
                .codeInvalid,
                refusal(of: user, failures: user.guesses.consecutiveFailures, context))
        }
        return .accept(user, acceptance(.backup(index: code.index), of: user, context: context))
    }
}
