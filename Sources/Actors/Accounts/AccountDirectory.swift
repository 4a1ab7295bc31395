package import Persistence

/// The way to the actor that owns an account: by email, by id, or by the shard in a token.
package struct AccountDirectory: Sendable {
    package let shards: [AccountActor]
    package let installation: InstallationActor
    private let hasher: PasswordHasher
    private let random: any RandomSource

    package init(
        shards: [AccountActor], installation: InstallationActor, hasher: PasswordHasher,
        random: any RandomSource
    ) {
        self.shards = shards
        self.installation = installation
        self.hasher = hasher
        self.random = random
    }

    package func shard(of email: EmailAddress) -> AccountActor {
        shards[Int(email.shard(of: shards.count).rawValue)]
    }

    /// Nil for a shard that does not exist: ids and tokens come from outside.
    package subscript(shard: ShardID) -> AccountActor? {
        Int(shard.rawValue) < shards.count ? shards[Int(shard.rawValue)] : nil
    }

    /// The owner of an id that this server made or checked.
    package func owner(of id: UserID) throws(AccountError) -> AccountActor {
        guard let owner = self[id.shard] else { throw .userUnknown }
        return owner
    }

    package func authenticate(_ secret: BearerSecret, at now: Timestamp) async -> SessionPrincipal?
    {
        await self[secret.shard]?.authenticate(secret.digest, at: now)
    }

    /// The same for event loops; nil also where the answer has to wait for the disk.
    package func authenticateNow(_ secret: BearerSecret, at now: Timestamp) -> SessionPrincipal? {
        self[secret.shard]?.authenticateNow(secret.digest, at: now)
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
        let owner = shard(of: email)
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
        let isFirst = try await claimFirstAdmin(for: id)
        let user = User(
            id: id, email: email.normalised, passwordHash: hash,
            role: isFirst ? .admin : role ?? .member, phone: phone?.e164, createdAt: context.at)
        let session: (principal: SessionPrincipal, secret: BearerSecret)?
        do throws(AccountError) {
            session = try await owner.register(
                user, startsSession: startsSession, context: context)
        } catch {
            if isFirst { await installation.finishClaim() }
            throw error
        }
        if isFirst { await installation.finishClaim() }
        return (user.view, session)
    }

    /// Makes an account with the hash that another system has of its password.
    ///
    /// - Returns: false when the address has an account already; it is left alone.
    package func importUser(
        _ email: EmailAddress, passwordHash: String, role: Role, phone: PhoneNumber?,
        createdAt: Timestamp, context: CommandContext
    ) async throws(AccountError) -> Bool {
        let owner = shard(of: email)
        if await owner.isTaken(email) { return false }
        let id = UserID(shard: email.shard(of: shards.count), at: createdAt, random: random)
        // An imported admin is the first where there is none yet, so that nobody else becomes it.
        let isFirst = role == .admin ? try await claimFirstAdmin(for: id) : false
        let user = User(
            id: id, email: email.normalised, passwordHash: passwordHash, role: role,
            phone: phone?.e164, createdAt: createdAt)
        do throws(AccountError) {
            _ = try await owner.register(user, startsSession: false, context: context)
        } catch {
            if isFirst { await installation.finishClaim() }
            throw error
        }
        if isFirst { await installation.finishClaim() }
        return true
    }

    private func claimFirstAdmin(for id: UserID) async throws(AccountError) -> Bool {
        do throws(AppendError) {
            return try await installation.claimFirstAdmin(for: id) { holder in
                guard let owner = self[holder.shard] else { return false }
                return (try? await owner.user(holder)) != nil
            }
        } catch {
            throw .storage(error)
        }
    }

    // MARK: Administration

    package func user(email: EmailAddress) async -> UserID? {
        await shard(of: email).userID(email: email)
    }

    /// A page of all accounts, shard by shard, each in order of registration.
    ///
    /// - Parameter start: where the page before ended; nil for the first page.
    package func users(
        from start: (shard: Int, offset: Int)?, limit: Int
    ) async -> (users: [UserView], next: (shard: Int, offset: Int)?) {
        var (shard, offset) = start ?? (0, 0)
        var page: [UserView] = []
        while shard < shards.count {
            let wanted = limit - page.count
            let found = await shards[shard].users(from: offset, limit: wanted)
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
        let isLast = await enabledAdminCount() <= 1
        return try await owner(of: id)
            .setRole(of: id, to: role, isLastAdmin: isLast, context: context)
    }

    package func setDisabled(
        _ isDisabled: Bool, of id: UserID, context: CommandContext
    ) async throws(AccountError) -> UserView {
        let isLast = await enabledAdminCount() <= 1
        return try await owner(of: id)
            .setDisabled(isDisabled, of: id, isLastAdmin: isLast, context: context)
    }

    package func enabledAdminCount() async -> Int {
        var count = 0
        for shard in shards { count += await shard.counts.enabledAdmins }
        return count
    }

    package func counts() async -> (users: Int, sessions: Int) {
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
    ) async -> [(user: UserID, activity: Activity)] {
        var found: [(user: UserID, activity: Activity)] = []
        for shard in shards {
            let count = await shard.counts.users
            for offset in stride(from: 0, to: count, by: Self.searchUsers) {
                found += await shard.activities(
                    under: trace, from: offset, limit: Self.searchUsers)
            }
        }
        return found
    }

    /// Users that are looked through in one turn of an actor: some tenths of a millisecond.
    private static let searchUsers = 500

    package func sweep(at now: Timestamp) async {
        for shard in shards { await shard.sweep(at: now) }
        await installation.sweep(at: now)
    }
}
