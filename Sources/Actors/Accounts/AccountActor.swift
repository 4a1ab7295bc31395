package import Persistence

/// Owns the accounts of one shard.
///
/// Each command is one turn: the pure rules of `AccountState` decide, the facts are appended,
/// applied, and only when the log has them on disk is anybody told. What takes long (hashing a
/// password) happens between two turns; the second turn looks again at whatever it relies on.
package actor AccountActor {
    let shard: ShardID
    let log: any EventLog
    /// Changed by a rotation only.
    var keyring: DataKeyring
    let hasher: PasswordHasher
    let policy: AccountPolicy
    let random: any RandomSource

    var state: AccountState
    /// When each session was last used: coarse, unlogged, kept in snapshots.
    var lastSeen: BucketedDictionary<TokenDigest, Timestamp>
    var throttle: PasswordThrottle
    /// Accounts whose backup codes are being hashed: one at a time each, or a burst of right codes
    /// would buy a burst of hashing.
    var codesBeingMade: Set<UserID> = []

    package init(
        shard: ShardID, recovered: RecoveredAccounts, log: any EventLog, keyring: DataKeyring,
        hasher: PasswordHasher, policy: AccountPolicy, random: any RandomSource
    ) {
        self.shard = shard
        self.log = log
        self.keyring = keyring
        self.hasher = hasher
        self.policy = policy
        self.random = random
        state = recovered.state
        lastSeen = recovered.lastSeen
        throttle = recovered.throttle
    }

    // MARK: The turn

    /// Appends and applies, without waiting. Nothing is applied when the log refuses.
    @discardableResult
    func record(_ events: [AccountEvent]) throws(AccountError) -> LogPosition? {
        guard !events.isEmpty else { return nil }
        let last: LogPosition
        do throws(AppendError) {
            last = try log.append(events, to: shard)
        } catch {
            throw .storage(error)
        }
        let first = last.record - UInt64(events.count) + 1
        for (offset, event) in events.enumerated() {
            state.apply(event, record: first + UInt64(offset))
            if case .sessionsEnded(_, let digests) = event {
                for digest in digests { lastSeen[digest] = nil }
            }
            if case .sessionRotated(let old, _) = event { lastSeen[old] = nil }
        }
        return last
    }

    /// Makes a verdict's facts durable, then answers its result.
    func settle<Value>(_ verdict: AccountVerdict<Value>) async throws(AccountError) -> Value {
        if let position = try record(verdict.events) { await log.durable(through: position) }
        return try verdict.result.get()
    }

    /// Waits until what was read cannot be undone by a crash.
    func settled(_ record: UInt64) async {
        let position = LogPosition(shard: shard, record: record)
        if !log.isDurable(position) { await log.durable(through: position) }
    }

    func grant(at now: Timestamp) -> SessionGrant {
        SessionGrant(shard: shard, at: now, random: random)
    }

    // MARK: Session checks

    /// Who holds this session token, or nil. The hottest call of the server: one turn, no disk.
    package func authenticate(_ digest: TokenDigest, at now: Timestamp) async -> SessionPrincipal? {
        let seen = lastSeen[digest]
        guard let (session, user) = state.session(digest, lastSeen: seen, at: now, policy: policy)
        else {
            await settled(state.sessionsEndedAt)
            return nil
        }
        let previous = seen ?? session.createdAt
        if now.milliseconds - previous.milliseconds >= policy.lastSeenIntervalMilliseconds {
            lastSeen[digest] = now
        }
        await settled(user.changedAt)
        return state.principal(session, of: user, lastSeen: max(previous, now), policy: policy)
    }

    package func user(_ id: UserID) async throws(AccountError) -> User {
        guard let user = state.users[id] else { throw .userUnknown }
        await settled(user.changedAt)
        return user
    }

    package func sessions(of id: UserID, at now: Timestamp) async -> [SessionView] {
        let views = (state.users[id]?.sessions ?? []).compactMap { digest -> SessionView? in
            guard
                let (session, _) = state.session(
                    digest, lastSeen: lastSeen[digest], at: now, policy: policy)
            else { return nil }
            return state.view(session, lastSeen: lastSeen[digest], policy: policy)
        }
        await settled(state.users[id]?.changedAt ?? 0)
        return views.reversed()
    }

    package func endSession(
        _ id: SessionID, of user: UserID, by current: TokenDigest, context: CommandContext
    ) async throws(AccountError) {
        try await settle(state.end(id, of: user, by: current, context: context))
    }

    package func endOtherSessions(
        of user: UserID, keeping current: TokenDigest, context: CommandContext
    ) async throws(AccountError) -> Int {
        try await settle(state.endOthers(of: user, keeping: current, context: context))
    }

    /// Ends what has expired. Called now and then in the background; a full disk is no reason to
    /// stop.
    package func sweep(at now: Timestamp) async {
        let events = state.sweep(at: now, policy: policy, limit: Self.sweepSessionsMax) {
            lastSeen[$0]
        }
        _ = try? record(events)
    }

    /// Sessions ended in one sweep: a few milliseconds of one shard's time.
    private static let sweepSessionsMax = 1_000
}

extension AccountVerdict {
    /// Adds a second rule's verdict, so that both are one batch. When the second refuses, nothing
    /// of the first happens.
    package func then<Next>(_ next: (Value) -> AccountVerdict<Next>) -> AccountVerdict<Next> {
        switch result {
        case .failure(let error):
            return .refuse(error, events)
        case .success(let value):
            var verdict = next(value)
            if case .success = verdict.result { verdict.events = events + verdict.events }
            return verdict
        }
    }
}
