package import Persistence

/// Owns what there is once in an installation, in shard 0: the claim of the first admin and the
/// service tokens.
package actor InstallationActor {
    package static let shard = ShardID(0)

    private let log: any EventLog
    private let random: any RandomSource
    private var state: InstallationState
    package nonisolated let tokenIndex: TokenIndex
    /// The claim of a registration that is not finished: it can still fail, and be claimed again.
    private var claimUnderWay: (user: UserID, since: Timestamp)?
    private var changedAt: UInt64

    package init(
        recovered: InstallationState, lastUsed: [ServiceTokenID: Timestamp], log: any EventLog,
        random: any RandomSource
    ) {
        self.log = log
        self.random = random
        self.state = recovered
        self.tokenIndex = TokenIndex(recovered.tokens.values, lastUsed: lastUsed)
        self.changedAt = recovered.appliedRecord
    }

    // MARK: Taking over and giving up

    package func adopt(_ recovered: InstallationState, lastUsed: [ServiceTokenID: Timestamp]) {
        state = recovered
        tokenIndex.replace(with: recovered.tokens.values, lastUsed: lastUsed)
        changedAt = recovered.appliedRecord
    }

    /// Knows nothing from then on; everything that was appended has to be durable.
    package func surrender() -> (
        state: InstallationState, lastUsed: [ServiceTokenID: Timestamp]
    ) {
        let given = (state, tokenIndex.lastUsed)
        adopt(InstallationState(), lastUsed: [:])
        return given
    }

    // MARK: The turn

    private func commit(_ events: [InstallationEvent]) async throws(AppendError) {
        guard !events.isEmpty else { return }
        let last = try log.append(events, to: Self.shard)
        for (offset, event) in events.enumerated() {
            state.apply(event, record: last.record - UInt64(events.count - 1 - offset))
            switch event {
            case .tokenMinted(let token): tokenIndex.insert(token)
            case .tokenRevoked(let id): tokenIndex.remove(id)
            case .firstAdminClaimed: break
            }
        }
        changedAt = last.record
        await log.durable(through: last)
    }

    private func settled() async {
        let position = LogPosition(shard: Self.shard, record: changedAt)
        if !log.isDurable(position) { await log.durable(through: position) }
    }

    // MARK: First admin

    /// Whether the account that is about to be registered becomes the first admin. True is a claim:
    /// `finishClaim` must follow.
    ///
    /// - Parameter exists: whether an account exists; a claim left by a crash before its
    ///   registration is worth nothing and is taken over.
    package func claimFirstAdmin(
        for user: UserID, at now: Timestamp, exists: @Sendable (UserID) async -> Bool
    ) async throws(AppendError) -> Bool {
        if isClaimed(at: now) { return false }
        claimUnderWay = (user, now)
        if let holder = state.firstAdmin, await exists(holder) {
            finishClaim(of: user)
            return false
        }
        do throws(AppendError) {
            try await commit([.firstAdminClaimed(user)])
        } catch {
            finishClaim(of: user)
            throw error
        }
        // The log may have taken so long that somebody else has claimed since.
        return claimUnderWay?.user == user
    }

    package func finishClaim(of user: UserID) {
        if claimUnderWay?.user == user { claimUnderWay = nil }
    }

    /// How long a claim is good for: whoever has not begun to register by then must claim again.
    package static let claimSeconds: Int64 = 30

    /// Others wait twice as long, in case the one who claimed died meanwhile. A clock that was set
    /// back keeps nobody waiting.
    private func isClaimed(at now: Timestamp) -> Bool {
        guard let since = claimUnderWay?.since else { return false }
        let span = 2 * Self.claimSeconds
        return now < since.advanced(bySeconds: span) && now > since.advanced(bySeconds: -span)
    }

    /// In a cluster the claim may be of a registration that another server is about to finish: this
    /// one has just become the shard's owner, and gives it the time that it has.
    package func respectClaim(at now: Timestamp) {
        if let holder = state.firstAdmin { claimUnderWay = (holder, now) }
    }

    // MARK: Tokens

    package func mint(
        name: String, scopes: [TokenScope], by user: UserID, expiresAt: Timestamp?,
        tokensPerAccountMax: Int, at now: Timestamp
    ) async throws(InstallationState.Refusal) -> (token: ServiceToken, secret: BearerSecret) {
        let secret = BearerSecret(.service, shard: Self.shard, random: random)
        let token = ServiceToken(
            id: ServiceTokenID(shard: Self.shard, at: now, random: random), digest: secret.digest,
            name: name, scopes: scopes, createdBy: user, createdAt: now, expiresAt: expiresAt)
        try await perform(
            try state.mint(token, tokensPerAccountMax: tokensPerAccountMax, at: now))
        return (token, secret)
    }

    package func revoke(_ id: ServiceTokenID) async throws(InstallationState.Refusal) {
        try await perform(try state.revoke(id))
    }

    private func perform(_ events: [InstallationEvent]) async throws(InstallationState.Refusal) {
        do throws(AppendError) {
            try await commit(events)
        } catch {
            throw .storage(error)
        }
    }

    /// Who holds this service token, or nil.
    package func authenticate(_ digest: TokenDigest, at now: Timestamp) async -> TokenPrincipal? {
        let principal = tokenIndex.authenticate(digest, at: now)
        await settled()
        return principal
    }

    /// Newest first; expired ones have left.
    package func tokens(at now: Timestamp) async -> [ServiceTokenView] {
        let lastUsed = tokenIndex.lastUsed
        let views = state.tokens.values.filter { !$0.isExpired(at: now) }
            .sorted { ($0.createdAt, $0.id.description) > ($1.createdAt, $1.id.description) }
            .map { ServiceTokenView(token: $0, lastUsedAt: lastUsed[$0.id]) }
        await settled()
        return views
    }

    package func sweep(at now: Timestamp) async {
        _ = try? await commit(state.sweep(at: now))
    }

    // MARK: Snapshots

    package func snapshotParts() -> [SnapshotPart] {
        let applied = state.appliedRecord
        var head = ByteWriter()
        head.writeOptional(state.firstAdmin) { $0.write($1) }
        // Thousands of tokens fit one chunk; more follow in the same form, each chunk complete.
        let first = head.bytes
        let tokens = Array(state.tokens.values)
        let groups = stride(from: 0, to: max(tokens.count, 1), by: Self.tokensPerChunk).map {
            Array(tokens[$0..<min($0 + Self.tokensPerChunk, tokens.count)])
        }
        return [
            SnapshotPart(
                kind: SnapshotPartKind.installation.rawValue, shard: Self.shard,
                appliedRecord: applied,
                nextChunk: OneByOne(groups) { group in
                    var writer = ByteWriter()
                    writer.writeRaw(first)
                    for token in group { writer.write(token) }
                    return writer.bytes
                }.next),
            ChunkSource(Array(tokenIndex.lastUsed)) { writer, entry in
                writer.write(entry.key)
                writer.write(entry.value)
            }.part(kind: .tokensLastUsed, shard: Self.shard, appliedRecord: applied),
        ]
    }

    /// A token with all scopes is under 3 KiB, so a chunk stays below 200 KiB.
    private static let tokensPerChunk = 64
}
