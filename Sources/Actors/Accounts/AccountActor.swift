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

    /// Changed in this actor's turns only; a session can be checked without one.
    private let memory: AccountMemory
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
        memory = AccountMemory(recovered)
        throttle = recovered.throttle
    }

    // MARK: Taking over and giving up

    /// Goes on with the shard as others have left it.
    package func adopt(_ recovered: RecoveredAccounts) {
        _ = memory.exchange(recovered)
        throttle = recovered.throttle
    }

    /// Gives the shard up, and knows nothing of it from then on. Everything that was appended has
    /// to be durable; what is still between two turns finds the log fenced.
    package func surrender() -> RecoveredAccounts {
        var accounts = memory.exchange(RecoveredAccounts())
        accounts.throttle = throttle
        throttle = PasswordThrottle()
        return accounts
    }

    /// A copy, in O(1); what it is compared with or decided by is over before the next change.
    var state: AccountState { memory.state }
    /// When each session was last used: coarse, unlogged, kept in snapshots.
    var lastSeen: BucketedDictionary<TokenDigest, Timestamp> { memory.lastSeen }

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
        memory.apply(events, from: last.record - UInt64(events.count) + 1)
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

    /// Who holds this session token, or nil.
    package func authenticate(_ digest: TokenDigest, at now: Timestamp) async -> SessionPrincipal? {
        switch memory.check(digest, at: now, policy: policy) {
        case .holder(let principal, let changedAt):
            await settled(changedAt)
            return principal
        case .nobody(let endedAt):
            await settled(endedAt)
            return nil
        }
    }

    /// The same without a turn, for event loops, which can wait for nothing. The hottest call of
    /// the server.
    ///
    /// - Returns: nil also where the answer is not on the disk yet; then `authenticate` knows.
    package nonisolated func authenticateNow(
        _ digest: TokenDigest, at now: Timestamp
    ) -> SessionPrincipal? {
        guard
            case .holder(let principal, let changedAt) = memory.check(
                digest, at: now, policy: policy),
            log.isDurable(LogPosition(shard: shard, record: changedAt))
        else { return nil }
        return principal
    }

    package func user(_ id: UserID) async throws(AccountError) -> User {
        guard let user = state.users[id] else { throw .userUnknown }
        await settled(user.changedAt)
        return user
    }

    package func sessions(of id: UserID, at now: Timestamp) async -> [SessionView] {
        let (state, lastSeen) = (state, lastSeen)
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
        let lastSeen = lastSeen
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
