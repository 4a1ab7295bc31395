/// How a code was given: with the temp_token of a login, or inside a session.
package enum FactorHolder: Sendable {
    case tempToken(TokenDigest)
    case session(UserID)

    var token: TokenDigest? {
        switch self {
        case .tempToken(let digest): digest
        case .session: nil
        }
    }
}

/// Setting up, using and giving up the second factor.
extension AccountState {
    package func holder(_ holder: FactorHolder, at now: Timestamp) throws(AccountError) -> User {
        switch holder {
        case .tempToken(let digest):
            return try owner(ofTempToken: digest, at: now)
        case .session(let id):
            guard let user = users[id] else { throw .userUnknown }
            return user
        }
    }

    // MARK: Setup

    package func startSetup(
        for id: UserID, sealedSecret: [UInt8], token: BearerSecret, context: CommandContext,
        policy: AccountPolicy
    ) -> AccountVerdict<Void> {
        guard let user = users[id] else { return .refuse(.userUnknown) }
        guard user.secondFactor == nil else { return .refuse(.twoFactorAlreadyEnabled) }
        let setup = PendingSetup(
            sealedSecret: sealedSecret, token: token.digest,
            expiresAt: context.at.advanced(bySeconds: policy.setupSeconds),
            guessesLeft: AccountPolicy.guessesPerTempToken)
        return .accept(
            (),
            [
                .setupStarted(id, setup),
                .activityRecorded(id, context.activity(.setupStarted)),
            ])
    }

    /// The account and setup that a confirmation is about: named by the session or, without one, by
    /// setup's temp_token.
    package func pendingSetup(
        of holder: FactorHolder, at now: Timestamp
    ) throws(AccountError) -> (user: User, setup: PendingSetup) {
        let id: UserID
        switch holder {
        case .session(let user):
            id = user
        case .tempToken(let digest):
            guard let user = userByTempToken[digest], users[user]?.pendingSetup?.token == digest
            else { throw .tempTokenInvalid }
            id = user
        }
        guard let user = users[id], !user.isDisabled else { throw .userUnknown }
        guard user.secondFactor == nil else { throw .twoFactorAlreadyEnabled }
        guard let setup = user.pendingSetup, now < setup.expiresAt else { throw .setupNotStarted }
        guard setup.guessesLeft > 0 else { throw .tempTokenExhausted }
        return (user, setup)
    }

    /// Judges the code that confirms a setup. Nothing is claimed yet: the backup codes must be
    /// hashed first, and `enable` looks again.
    package func judgeConfirmation(
        _ code: String, of holder: FactorHolder, secret: [UInt8], context: CommandContext,
        policy: AccountPolicy
    ) -> AccountVerdict<Int64> {
        do throws(AccountError) {
            let (user, setup) = try pendingSetup(of: holder, at: context.at)
            return judgeTOTP(
                code, secret: secret, of: user, after: -1, token: setup.token, context: context,
                policy: policy)
        } catch {
            return .refuse(error)
        }
    }

    /// Turns the second factor on with the step that confirmed it, which is thereby used up. With a
    /// session its token changes in the same record.
    package func enable(
        _ setup: PendingSetup, of id: UserID, step: Int64, backupCodeHashes: [String],
        session: (digest: TokenDigest, grant: SessionGrant)?, context: CommandContext
    ) -> AccountVerdict<(user: User, session: Session?)> {
        // Not the secret as it was read before the codes were hashed: it may have been sealed anew.
        guard let user = users[id], user.secondFactor == nil, let current = user.pendingSetup,
            current.token == setup.token
        else { return .refuse(.setupNotStarted) }
        let factor = SecondFactor(
            sealedSecret: current.sealedSecret, lastStep: step,
            backupCodeHashes: backupCodeHashes.map { $0 }, enrolledAt: context.at)
        var events: [AccountEvent] = [
            .secondFactorEnabled(id, factor),
            .activityRecorded(id, context.activity(.twoFactorEnabled)),
        ]
        var enabled = user
        enabled.secondFactor = factor
        guard let session else { return .accept((enabled, nil), events) }
        guard let held = sessions[session.digest] else { return .refuse(.sessionInvalid) }
        let rotated = rotate(held, to: session.grant, context: context)
        events.append(rotated.event)
        return .accept((enabled, rotated.session), events)
    }

    // MARK: Use

    /// Judges a code of an enrolled authenticator and claims its step in the same turn.
    package func useTOTP(
        _ code: String, of holder: FactorHolder, secret: [UInt8], context: CommandContext,
        policy: AccountPolicy
    ) -> AccountVerdict<User> {
        do throws(AccountError) {
            let user = try self.holder(holder, at: context.at)
            guard let factor = user.secondFactor else { return .refuse(.twoFactorNotEnabled) }
            let verdict = judgeTOTP(
                code, secret: secret, of: user, after: factor.lastStep, token: holder.token,
                context: context, policy: policy)
            switch verdict.result {
            case .failure(let error):
                return .refuse(error, verdict.events)
            case .success(let step):
                return .accept(
                    user, acceptance(.totp(step: step), of: user, context: context))
            }
        } catch {
            return .refuse(error)
        }
    }

    /// The session that a right second factor earns; its temp_token ends in the same record.
    package func completeSignIn(
        of id: UserID, tempToken: TokenDigest, grant: SessionGrant, context: CommandContext,
        policy: AccountPolicy
    ) -> AccountVerdict<Session> {
        guard let user = users[id], user.tempTokens.contains(where: { $0.digest == tempToken })
        else { return .refuse(.tempTokenInvalid) }
        let started = start(grant, for: user, context: context, policy: policy)
        return .accept(
            started.session,
            [.tempTokenEnded(id, tempToken)] + started.events
                + [.activityRecorded(id, context.activity(.signedIn))])
    }

    package func disable(
        _ id: UserID, context: CommandContext
    ) -> AccountVerdict<Void> {
        guard users[id]?.secondFactor != nil else { return .refuse(.twoFactorNotEnabled) }
        return .accept(
            (),
            [
                .secondFactorRemoved(id),
                .activityRecorded(id, context.activity(.twoFactorDisabled)),
            ])
    }

    package func replaceBackupCodes(
        of id: UserID, hashes: [String], context: CommandContext
    ) -> AccountVerdict<Void> {
        guard users[id]?.secondFactor != nil else { return .refuse(.twoFactorNotEnabled) }
        return .accept(
            (),
            [
                .backupCodesReplaced(id, hashes: hashes),
                .activityRecorded(id, context.activity(.backupCodesReplaced)),
            ])
    }

    package func stepUp(
        _ digest: TokenDigest, grant: SessionGrant, context: CommandContext
    ) -> AccountVerdict<Session> {
        guard let session = sessions[digest] else { return .refuse(.sessionInvalid) }
        let rotated = rotate(session, to: grant, context: context)
        return .accept(
            rotated.session,
            [rotated.event, .activityRecorded(session.user, context.activity(.steppedUp))])
    }
}
