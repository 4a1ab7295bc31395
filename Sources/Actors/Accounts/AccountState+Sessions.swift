/// How sessions begin, change their token and end.
extension AccountState {
    /// The session behind a digest, if neither its absolute nor its idle limit has passed.
    package func session(
        _ digest: TokenDigest, lastSeen: Timestamp?, at now: Timestamp, policy: AccountPolicy
    ) -> (session: Session, user: User)? {
        guard let session = sessions[digest], let user = users[session.user], !user.isDisabled,
            now < session.expiresAt,
            now < (lastSeen ?? session.createdAt).advanced(bySeconds: policy.sessionIdleSeconds)
        else { return nil }
        return (session, user)
    }

    /// A new session for somebody who has proved everything that the account asks for.
    func start(
        _ grant: SessionGrant, for user: User, context: CommandContext, policy: AccountPolicy
    ) -> (session: Session, events: [AccountEvent]) {
        let session = Session(
            id: grant.id, digest: grant.secret.digest, user: user.id, createdAt: context.at,
            authenticatedAt: context.at,
            expiresAt: context.at.advanced(bySeconds: policy.sessionAbsoluteSeconds),
            userAgent: context.userAgent, address: context.source.text)
        var events: [AccountEvent] = []
        let excess = user.sessions.count + 1 - policy.sessionsPerAccountMax
        if excess > 0 {
            events.append(.sessionsEnded(user.id, Array(user.sessions.prefix(excess))))
        }
        events.append(.sessionStarted(session))
        if user.knownSources.last != context.source.bucket {
            events.append(.sourceKnown(user.id, context.source.bucket))
        }
        return (session, events)
    }

    /// The same session under a new token: what a stolen old one is worth ends here (ASVS 7.2.4).
    func rotate(
        _ session: Session, to grant: SessionGrant, context: CommandContext
    ) -> (session: Session, event: AccountEvent) {
        var renewed = session
        renewed.digest = grant.secret.digest
        renewed.authenticatedAt = context.at
        return (renewed, .sessionRotated(from: session.digest, to: renewed))
    }

    package func end(
        _ id: SessionID, of user: UserID, by current: TokenDigest, context: CommandContext
    ) -> AccountVerdict<Void> {
        guard let digest = users[user]?.sessions.first(where: { sessions[$0]?.id == id }) else {
            return .refuse(.sessionUnknown)
        }
        let kind: Activity.Kind = digest == current ? .signedOut : .sessionEnded
        return .accept(
            (),
            [
                .sessionsEnded(user, [digest]), .activityRecorded(user, context.activity(kind)),
            ])
    }

    package func endOthers(
        of user: UserID, keeping current: TokenDigest, context: CommandContext
    ) -> AccountVerdict<Int> {
        let others = (users[user]?.sessions ?? []).filter { $0 != current }
        guard !others.isEmpty else { return .accept(0, []) }
        return .accept(
            others.count,
            [
                .sessionsEnded(user, others),
                .activityRecorded(user, context.activity(.otherSessionsEnded)),
            ])
    }

    /// Facts that remove what has expired, so that memory does not grow with the dead. At most
    /// `limit` sessions a call: the sweep must never hold the actor for long.
    package func sweep(
        at now: Timestamp, policy: AccountPolicy, limit: Int,
        lastSeen: (TokenDigest) -> Timestamp?
    ) -> [AccountEvent] {
        var expired: [UserID: [TokenDigest]] = [:]
        var count = 0
        for (digest, session) in sessions.entries where count < limit {
            let seen = lastSeen(digest) ?? session.createdAt
            guard
                now >= session.expiresAt
                    || now >= seen.advanced(bySeconds: policy.sessionIdleSeconds)
            else { continue }
            expired[session.user, default: []].append(digest)
            count += 1
        }
        return expired.map { .sessionsEnded($0.key, $0.value) }
    }
}
