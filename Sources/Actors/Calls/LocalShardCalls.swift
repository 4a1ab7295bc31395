package import Persistence

/// Answers for the shards of this server, from its own actors.
package struct LocalShardCalls: ShardCalls {
    private let accounts: [AccountActor]
    private let installation: InstallationActor
    private let mayRead: @Sendable (ShardID) -> Bool

    /// Users that are looked through in one turn of an actor: some tenths of a millisecond.
    private static let searchUsers = 500

    /// - Parameters:
    ///   - mayRead: whether a shard's state may be shown at this moment. A server that has a log of
    ///     its own may always.
    package init(
        accounts: [AccountActor], installation: InstallationActor,
        mayRead: @escaping @Sendable (ShardID) -> Bool = { _ in true }
    ) {
        self.accounts = accounts
        self.installation = installation
        self.mayRead = mayRead
    }

    package func authenticate(
        _ digest: TokenDigest, of shard: ShardID, at now: Timestamp
    ) async throws(ShardCallError) -> SessionPrincipal? {
        // A token of a shard that does not exist is nobody's.
        guard let owner = actor(of: shard) else { return nil }
        let principal = await owner.authenticate(digest, at: now)
        try check(shard)
        return principal
    }

    package func claimFirstAdmin(
        for user: UserID, at now: Timestamp
    ) async throws(ShardCallError) -> Bool {
        try await claimFirstAdmin(for: user, at: now, asking: self)
    }

    /// - Parameter others: who knows whether the holder of an earlier claim exists, in any shard.
    package func claimFirstAdmin(
        for user: UserID, at now: Timestamp, asking others: any ShardCalls
    ) async throws(ShardCallError) -> Bool {
        let isFirst: Bool
        do throws(AppendError) {
            isFirst = try await installation.claimFirstAdmin(for: user, at: now) { holder in
                // When nobody can say, the holder counts as there: a second admin is worse than
                // one that an operator has to make.
                do throws(ShardCallError) {
                    return try await others.exists(holder)
                } catch {
                    return true
                }
            }
        } catch {
            throw .storage(error)
        }
        try check(InstallationActor.shard)
        return isFirst
    }

    package func finishClaim(of user: UserID) async throws(ShardCallError) {
        await installation.finishClaim(of: user)
    }

    package func exists(_ user: UserID) async throws(ShardCallError) -> Bool {
        guard let owner = actor(of: user.shard) else { return false }
        let exists = (try? await owner.user(user)) != nil
        try check(user.shard)
        return exists
    }

    package func user(email: EmailAddress) async throws(ShardCallError) -> UserID? {
        let shard = email.shard(of: accounts.count)
        let id = await actor(of: shard)?.userID(email: email)
        try check(shard)
        return id
    }

    package func users(
        of shard: ShardID, from offset: Int, limit: Int
    ) async throws(ShardCallError) -> [UserView] {
        guard let owner = actor(of: shard) else { return [] }
        let page = await owner.users(from: offset, limit: limit)
        try check(shard)
        return page
    }

    package func counts(of shard: ShardID) async throws(ShardCallError) -> ShardCounts {
        guard let owner = actor(of: shard) else { throw .notReady }
        let counts = await owner.counts
        try check(shard)
        return ShardCounts(
            users: counts.users, sessions: counts.sessions, enabledAdmins: counts.enabledAdmins)
    }

    package func activities(
        under trace: TraceID, of shard: ShardID
    ) async throws(ShardCallError) -> [TracedActivity] {
        guard let owner = actor(of: shard) else { return [] }
        var found: [TracedActivity] = []
        let count = await owner.counts.users
        for offset in stride(from: 0, to: count, by: Self.searchUsers) {
            let page = await owner.activities(under: trace, from: offset, limit: Self.searchUsers)
            found += page.map { TracedActivity(user: $0.user, activity: $0.activity) }
        }
        try check(shard)
        return found
    }

    // MARK: Shards

    private func actor(of shard: ShardID) -> AccountActor? {
        Int(shard.rawValue) < accounts.count ? accounts[Int(shard.rawValue)] : nil
    }

    /// Whoever owns the shard now may have changed what was read.
    private func check(_ shard: ShardID) throws(ShardCallError) {
        guard mayRead(shard) else { throw .notReady }
    }
}
