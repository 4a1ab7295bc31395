/// What a right password leads to.
package enum SignIn: Sendable {
    case signedIn(SessionPrincipal, BearerSecret)
    case secondFactorNeeded(BearerSecret, expiresInSeconds: Int64)
}

/// Registration and the password step of signing in.
extension AccountState {
    package func register(
        _ user: User, grant: SessionGrant?, context: CommandContext, policy: AccountPolicy
    ) -> AccountVerdict<Session?> {
        guard userByEmail[user.email] == nil else { return .refuse(.emailTaken) }
        let events: [AccountEvent] = [
            .registered(user), .activityRecorded(user.id, context.activity(.registered)),
        ]
        guard let grant else { return .accept(nil, events) }
        let started = start(grant, for: user, context: context, policy: policy)
        return .accept(started.session, events + started.events)
    }

    package func user(email: EmailAddress) -> User? {
        userByEmail[email.normalised].flatMap { users[$0] }
    }

    /// Decides after the hash was compared. `hash` is the one that was compared: when it is no
    /// longer the account's, the password was changed meanwhile and the old one proves nothing.
    package func signIn(
        _ email: EmailAddress, hash: String?, isRight: Bool, session: SessionGrant,
        temporary: BearerSecret, context: CommandContext, policy: AccountPolicy
    ) -> AccountVerdict<SignIn> {
        guard let user = user(email: email) else { return .refuse(.invalidCredentials) }
        guard isRight, user.passwordHash == hash else {
            return .refuse(
                .invalidCredentials,
                [.activityRecorded(user.id, context.activity(.signInRefused))])
        }
        guard !user.isDisabled else { return .refuse(.accountDisabled) }
        guard user.secondFactor == nil else {
            return .accept(
                .secondFactorNeeded(temporary, expiresInSeconds: policy.tempTokenSeconds),
                issue(temporary, to: user, context: context, policy: policy))
        }
        let started = start(session, for: user, context: context, policy: policy)
        return .accept(
            .signedIn(principal(started.session, of: user, policy: policy), session.secret),
            started.events + [.activityRecorded(user.id, context.activity(.signedIn))])
    }

    /// Older temp_tokens live on, so that a second tab does not break the first; the expired ones
    /// and the oldest beyond the cap end.
    private func issue(
        _ secret: BearerSecret, to user: User, context: CommandContext, policy: AccountPolicy
    ) -> [AccountEvent] {
        let token = TempToken(
            digest: secret.digest,
            expiresAt: context.at.advanced(bySeconds: policy.tempTokenSeconds),
            guessesLeft: AccountPolicy.guessesPerTempToken)
        let alive = user.tempTokens.filter { $0.expiresAt > context.at }
        let ended =
            user.tempTokens.filter { $0.expiresAt <= context.at }
            + alive.prefix(max(0, alive.count + 1 - policy.tempTokensPerAccountMax))
        return ended.map { .tempTokenEnded(user.id, $0.digest) }
            + [.tempTokenIssued(user.id, token)]
    }

    package func principal(
        _ session: Session, of user: User, lastSeen: Timestamp? = nil, policy: AccountPolicy
    ) -> SessionPrincipal {
        SessionPrincipal(
            user: user.view, session: view(session, lastSeen: lastSeen, policy: policy),
            digest: session.digest)
    }

    package func view(
        _ session: Session, lastSeen: Timestamp?, policy: AccountPolicy
    ) -> SessionView {
        let seen = max(lastSeen ?? session.createdAt, session.createdAt)
        return SessionView(
            id: session.id, createdAt: session.createdAt, lastSeenAt: seen,
            authenticatedAt: session.authenticatedAt,
            idleExpiresAt: seen.advanced(bySeconds: policy.sessionIdleSeconds),
            expiresAt: session.expiresAt, userAgent: session.userAgent, address: session.address)
    }
}
