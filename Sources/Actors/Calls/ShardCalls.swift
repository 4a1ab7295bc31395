package import Persistence

/// What one shard has to ask of another, which may be owned by another server: everything that
/// crosses shards goes through here.
///
/// An answer is what the shard's owner knows, and was allowed to say, *after* it had looked: who
/// has lost the shard meanwhile says `notReady`.
package protocol ShardCalls: Sendable {
    /// Who holds this session token, or nil.
    func authenticate(
        _ digest: TokenDigest, of shard: ShardID, at now: Timestamp
    ) async throws(ShardCallError) -> SessionPrincipal?

    /// Whether this account, which is about to be registered, becomes the first admin. After true,
    /// `finishClaim` must follow, and the account has to be registered within
    /// `InstallationActor.claimSeconds`.
    func claimFirstAdmin(
        for user: UserID, at now: Timestamp
    ) async throws(ShardCallError) -> Bool

    func finishClaim(of user: UserID) async throws(ShardCallError)

    /// Whether the account exists.
    func exists(_ user: UserID) async throws(ShardCallError) -> Bool

    /// The account with this address.
    func user(email: EmailAddress) async throws(ShardCallError) -> UserID?

    /// Accounts of one shard in order of registration.
    func users(
        of shard: ShardID, from offset: Int, limit: Int
    ) async throws(ShardCallError) -> [UserView]

    func counts(of shard: ShardID) async throws(ShardCallError) -> ShardCounts

    /// The security events of one shard's accounts under this trace id.
    func activities(
        under trace: TraceID, of shard: ShardID
    ) async throws(ShardCallError) -> [TracedActivity]
}

/// Counts requests against their limits, wherever the bucket is kept.
package protocol RateLimiting: Sendable {
    /// Takes one token. Nil when the class has no policy, which means unlimited.
    func take(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) async throws(ShardCallError) -> RateLimitDecision?
}

extension RateLimiters: RateLimiting {}

/// Why a shard did not answer. Whether it did what it was asked for is not known then, as with
/// every request whose answer is lost.
package enum ShardCallError: Error, Equatable, Sendable {
    /// Nobody owns the shard at the moment, or its owner can't be asked or says nothing.
    case notReady
    /// The shard's log takes nothing. Nothing was done.
    case storage(AppendError)
}

/// How many there are of what in one shard.
package struct ShardCounts: Equatable, Sendable {
    package var users: Int
    package var sessions: Int
    package var enabledAdmins: Int

    package init(users: Int, sessions: Int, enabledAdmins: Int) {
        self.users = users
        self.sessions = sessions
        self.enabledAdmins = enabledAdmins
    }
}

/// A security event and whose it is.
package struct TracedActivity: Equatable, Sendable {
    package var user: UserID
    package var activity: Activity

    package init(user: UserID, activity: Activity) {
        self.user = user
        self.activity = activity
    }
}
