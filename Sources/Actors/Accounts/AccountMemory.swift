import Synchronization

/// What one shard knows of its accounts, under a lock, so that a session can be checked by whoever
/// can't wait for the actor's turn. `AccountActor` is the only one that changes what the log has.
///
/// The lock is held for one look-up or one event at a time, and never while anything waits.
final class AccountMemory: Sendable {
    private struct Content: Sendable {
        var state: AccountState
        /// Coarse, unlogged, kept in snapshots; written by the checks themselves.
        var lastSeen: BucketedDictionary<TokenDigest, Timestamp>
    }

    private let content: Mutex<Content>

    init(_ recovered: RecoveredAccounts) {
        content = Mutex(Content(state: recovered.state, lastSeen: recovered.lastSeen))
    }

    /// Puts one state in the place of another.
    ///
    /// - Returns: what was here, without the throttle, which is the actor's.
    func exchange(_ recovered: RecoveredAccounts) -> RecoveredAccounts {
        let new = Content(state: recovered.state, lastSeen: recovered.lastSeen)
        let old = content.withLock { content in
            defer { content = new }
            return content
        }
        var accounts = RecoveredAccounts()
        accounts.state = old.state
        accounts.lastSeen = old.lastSeen
        return accounts
    }

    var state: AccountState { content.withLock { $0.state } }

    var lastSeen: BucketedDictionary<TokenDigest, Timestamp> { content.withLock { $0.lastSeen } }

    /// Applies events that the log has taken.
    func apply(_ events: [AccountEvent], from firstRecord: UInt64) {
        content.withLock { content in
            for (offset, event) in events.enumerated() {
                content.state.apply(event, record: firstRecord + UInt64(offset))
                switch event {
                case .sessionsEnded(_, let digests):
                    for digest in digests { content.lastSeen[digest] = nil }
                case .sessionRotated(let old, _):
                    content.lastSeen[old] = nil
                default:
                    break
                }
            }
        }
    }

    /// What a session token opens, and the record that has to be on the disk before anybody is told
    /// so.
    enum Check {
        case holder(SessionPrincipal, changedAt: UInt64)
        case nobody(endedAt: UInt64)
    }

    func check(_ digest: TokenDigest, at now: Timestamp, policy: AccountPolicy) -> Check {
        content.withLock { content in
            let seen = content.lastSeen[digest]
            guard
                let (session, user) = content.state.session(
                    digest, lastSeen: seen, at: now, policy: policy)
            else { return .nobody(endedAt: content.state.sessionsEndedAt) }
            let previous = seen ?? session.createdAt
            if now.milliseconds - previous.milliseconds >= policy.lastSeenIntervalMilliseconds {
                content.lastSeen[digest] = now
            }
            return .holder(
                content.state.principal(
                    session, of: user, lastSeen: max(previous, now), policy: policy),
                changedAt: user.changedAt)
        }
    }
}
