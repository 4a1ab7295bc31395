package import Persistence

/// The way to the actor that owns an account: by email, by id, or by the shard in a token.
///
/// In a cluster the actors are those of the shards that this server owns; what concerns several
/// shards goes through `calls`, wherever their owners are.
package struct AccountDirectory: Sendable {
    package let shards: [AccountActor]
    package let installation: InstallationActor
    private let calls: any ShardCalls
    private let isHere: @Sendable (ShardID) -> Bool
    private let hasher: PasswordHasher
    private let random: any RandomSource

    /// - Parameters:
    ///   - calls: nil where all shards are this server's.
    ///   - isHere: whether the actor of a shard has its state. One that has not says of everybody
    ///     that there is no such account, so it is not to be asked.
    package init(
        shards: [AccountActor], installation: InstallationActor, calls: (any ShardCalls)? = nil,
        isHere: @escaping @Sendable (ShardID) -> Bool = { _ in true },
        hasher: PasswordHasher, random: any RandomSource
    ) {
        self.shards = shards
        self.installation = installation
        self.calls = calls ?? LocalShardCalls(accounts: shards, installation: installation)
        self.isHere = isHere
        self.hasher = hasher
        self.random = random
    }

    /// Nil for a shard that does not exist: ids and tokens come from outside.
    ///
    /// - Throws: `notReady` where the shard is another server's.
    package func actor(of shard: ShardID) throws(AccountError) -> AccountActor? {
        guard Int(shard.rawValue) < shards.count else { return nil }
        guard isHere(shard) else { throw .notReady }
        return shards[Int(shard.rawValue)]
    }

    package func shard(of email: EmailAddress) throws(AccountError) -> AccountActor {
        guard let actor = try actor(of: email.shard(of: shards.count)) else { throw .notReady }
        return actor
    }

    /// The owner of an id that this server made or checked.
    package func owner(of id: UserID) throws(AccountError) -> AccountActor {
        guard let owner = try actor(of: id.shard) else { throw .userUnknown }
        return owner
    }

    package func authenticate(
        _ secret: BearerSecret, at now: Timestamp
    ) async throws(AccountError) -> SessionPrincipal? {
        try await answered { calls throws(ShardCallError) in
            try await calls.authenticate(secret.digest, of: secret.shard, at: now)
        }
    }

    /// The same for event loops; nil also where the answer has to wait for the disk.
    package func authenticateNow(_ secret: BearerSecret, at now: Timestamp) -> SessionPrincipal? {
        guard Int(secret.shard.rawValue) < shards.count, isHere(secret.shard) else { return nil }
        return shards[Int(secret.shard.rawValue)].authenticateNow(secret.digest, at: now)
    }

    // MARK: Registration

    /// Makes an account. The first of the installation is the admin, whoever else registers at the
    /// same moment.
    ///
    /// - Parameter role: nil lets the rule decide; an operator names it.
    package func register(
        _ email: EmailAddress, password: Redacted<[UInt8]>, phone: PhoneNumber?, role: Role?,
        startsSession: Bool, context: CommandContext
    ) async throws(AccountError) -> (
        user: UserView, session: (principal: SessionPrincipal, secret: BearerSecret)?
    ) {
        let owner = try shard(of: email)
        // Before the hash, so that asking for a taken address costs no hashing.
        if await owner.isTaken(email) { throw .emailTaken }
        let hash: String
        do throws(HashingError) {
            hash = try await hasher.hash(password, source: context.source.bucket)
        } catch {
            throw .hashing(error)
        }
        let id = UserID(
            shard: email.shard(of: shards.count), at: context.at, random: random)
        let user = User(
            id: id, email: email.normalised, passwordHash: hash, role: role ?? .member,
            phone: phone?.e164, createdAt: context.at)
        let (registered, session) = try await register(
            user, claims: true, startsSession: startsSession, context: context)
        return (registered.view, session)
    }

    /// The claim comes before the account itself, which may be in another shard than the claim.
    private func register(
        _ user: User, claims: Bool, startsSession: Bool, context: CommandContext
    ) async throws(AccountError) -> (
        user: User, session: (principal: SessionPrincipal, secret: BearerSecret)?
    ) {
        var user = user
        let owner = try self.owner(of: user.id)
        let isFirst = claims ? try await claimFirstAdmin(for: user.id, at: context.at) : false
        if isFirst { user.role = .admin }
        let session: (principal: SessionPrincipal, secret: BearerSecret)?
        do throws(AccountError) {
            session = try await owner.register(
                user, startsSession: startsSession, context: context)
        } catch {
            if isFirst { await finishClaim(of: user.id) }
            throw error
        }
        if isFirst { await finishClaim(of: user.id) }
        return (user, session)
    }

    /// Makes an account with the hash that another system has of its password.
    ///
    /// - Returns: false when the address has an account already; it is left alone.
    package func importUser(
        _ email: EmailAddress, passwordHash: String, role: Role, phone: PhoneNumber?,
        createdAt: Timestamp, context: CommandContext
    ) async throws(AccountError) -> Bool {
        let owner = try shard(of: email)
        if await owner.isTaken(email) { return false }
        let id = UserID(shard: email.shard(of: shards.count), at: createdAt, random: random)
        let user = User(
            id: id, email: email.normalised, passwordHash: passwordHash, role: role,
            phone: phone?.e164, createdAt: createdAt)
        // An imported admin is the first where there is none yet, so that nobody else becomes it.
        _ = try await register(
            user, claims: role == .admin, startsSession: false, context: context)
        return true
    }

    /// A claim that took longer than it is good for is worth nothing.
    private func claimFirstAdmin(
        for id: UserID, at now: Timestamp
    ) async throws(AccountError) -> Bool {
        let begin = ContinuousClock.now
        let isFirst = try await answered { calls throws(ShardCallError) in
            try await calls.claimFirstAdmin(for: id, at: now)
        }
        guard ContinuousClock.now - begin < .seconds(InstallationActor.claimSeconds) else {
            if isFirst { await finishClaim(of: id) }
            throw .notReady
        }
        return isFirst
    }

    /// When nobody hears it, the claim ends by itself.
    private func finishClaim(of id: UserID) async {
        do throws(ShardCallError) {
            try await calls.finishClaim(of: id)
        } catch {}
    }

    // MARK: Administration

    package func user(email: EmailAddress) async throws(AccountError) -> UserID? {
        try await answered { calls throws(ShardCallError) in try await calls.user(email: email) }
    }

    /// A page of all accounts, shard by shard, each in order of registration.
    ///
    /// - Parameter start: where the page before ended; nil for the first page.
    package func users(
        from start: (shard: Int, offset: Int)?, limit: Int
    ) async throws(AccountError) -> (users: [UserView], next: (shard: Int, offset: Int)?) {
        var (shard, offset) = start ?? (0, 0)
        var page: [UserView] = []
        while shard < shards.count {
            let wanted = limit - page.count
            let place = (shard: ShardID(UInt16(shard)), offset: offset)
            let found = try await answered { calls throws(ShardCallError) in
                try await calls.users(of: place.shard, from: place.offset, limit: wanted)
            }
            page += found
            if found.count == wanted { return (page, (shard, offset + found.count)) }
            shard += 1
            offset = 0
        }
        return (page, nil)
    }

    package func setRole(
        of id: UserID, to role: Role, context: CommandContext
    ) async throws(AccountError) -> UserView {
        let isLast = try await enabledAdminCount() <= 1
        return try await owner(of: id)
            .setRole(of: id, to: role, isLastAdmin: isLast, context: context)
    }

    package func setDisabled(
        _ isDisabled: Bool, of id: UserID, context: CommandContext
    ) async throws(AccountError) -> UserView {
        let isLast = try await enabledAdminCount() <= 1
        return try await owner(of: id)
            .setDisabled(isDisabled, of: id, isLastAdmin: isLast, context: context)
    }

    package func enabledAdminCount() async throws(AccountError) -> Int {
        try await counts().enabledAdmins
    }

    /// Of all shards, wherever they are.
    package func counts() async throws(AccountError) -> ShardCounts {
        var sum = ShardCounts(users: 0, sessions: 0, enabledAdmins: 0)
        for shard in shardIDs {
            let counts = try await answered { calls throws(ShardCallError) in
                try await calls.counts(of: shard)
            }
            sum.users += counts.users
            sum.sessions += counts.sessions
            sum.enabledAdmins += counts.enabledAdmins
        }
        return sum
    }

    /// Of the shards of this server.
    package func countsHere() async -> (users: Int, sessions: Int) {
        var users = 0
        var sessions = 0
        for shard in shards {
            let counts = await shard.counts
            users += counts.users
            sessions += counts.sessions
        }
        return (users, sessions)
    }

    /// The security events of all accounts under this trace id.
    package func activities(
        under trace: TraceID
    ) async throws(AccountError) -> [TracedActivity] {
        var found: [TracedActivity] = []
        for shard in shardIDs {
            found += try await answered { calls throws(ShardCallError) in
                try await calls.activities(under: trace, of: shard)
            }
        }
        return found
    }

    /// The security events of one account under this trace id.
    package func activities(
        under trace: TraceID, of user: UserID
    ) async throws(AccountError) -> [TracedActivity] {
        let found = try await answered { calls throws(ShardCallError) in
            try await calls.activities(under: trace, of: user.shard)
        }
        return found.filter { $0.user == user }
    }

    private var shardIDs: [ShardID] { shards.indices.map { ShardID(UInt16($0)) } }

    private func answered<Value: Sendable>(
        _ call: (any ShardCalls) async throws(ShardCallError) -> Value
    ) async throws(AccountError) -> Value {
        do throws(ShardCallError) {
            return try await call(calls)
        } catch {
            switch error {
            case .notReady: throw .notReady
            case .storage(let error): throw .storage(error)
            }
        }
    }

    package func sweep(at now: Timestamp) async {
        for shard in shards { await shard.sweep(at: now) }
        await installation.sweep(at: now)
    }
}
