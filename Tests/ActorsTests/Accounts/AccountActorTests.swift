import Actors
import Persistence
import TestSupport
import Testing

/// The actors with a real hasher (cheap parameters) and a log in memory: races, and what a crash
/// would leave behind.
@Suite struct AccountActorTests {
    /// Everything an account needs, on a log in memory.
    final class World: Sendable {
        let log = MemoryLog(shardCount: 4)
        let keyring: DataKeyring
        let hasher: PasswordHasher
        let accounts: AccountDirectory
        let random = SystemRandomSource()
        let start = Timestamp(seconds: 1_800_000_000)

        init() {
            keyring = DataKeyring.generate(random: random)
            hasher = PasswordHasher(
                threads: 2, queueSecondsMax: 60, queueLengthMax: 10_000,
                parameters: Argon2Parameters(memoryKiB: 8, passes: 1))
            accounts = World.directory(
                log: log, keyring: keyring, hasher: hasher,
                recovered: (0..<4).map { _ in RecoveredAccounts() },
                installation: InstallationState())
        }

        static func directory(
            log: MemoryLog, keyring: DataKeyring, hasher: PasswordHasher,
            recovered: [RecoveredAccounts], installation: InstallationState
        ) -> AccountDirectory {
            let random = SystemRandomSource()
            let shards = recovered.enumerated().map { index, accounts in
                AccountActor(
                    shard: ShardID(UInt16(index)), recovered: accounts, log: log, keyring: keyring,
                    hasher: hasher, policy: AccountPolicy(), random: random)
            }
            return AccountDirectory(
                shards: shards,
                installation: InstallationActor(
                    recovered: installation, lastUsed: [:], log: log, random: random),
                hasher: hasher, random: random)
        }

        func context(_ seconds: Int64 = 0, from address: String = "192.0.2.1") -> CommandContext {
            CommandContext(
                at: start.advanced(bySeconds: seconds), trace: TraceID(random: random),
                source: SourceAddress(address) ?? .unknown, userAgent: "test")
        }

        func register(
            _ email: String = "ada@example.com", _ password: String = "correct horse battery"
        ) async throws -> (user: UserView, principal: SessionPrincipal, secret: BearerSecret) {
            let address = try EmailAddress(email)
            let made = try await accounts.register(
                address, password: try PasswordRules.checkNew(password, email: address),
                phone: nil, role: nil, startsSession: true, context: context())
            let session = try #require(made.session)
            return (made.user, session.principal, session.secret)
        }

        /// Turns the second factor on; answers the secret and the backup codes.
        func enrol(
            _ user: UserView, session: TokenDigest
        ) async throws -> (secret: [UInt8], codes: [BackupCode], session: TokenDigest) {
            let owner = try accounts.owner(of: user.id)
            let offer = try await owner.startSetup(for: user.id, context: context())
            let code = TOTP.code(secret: offer.secret.value, step: TOTP.step(at: start))
            let confirmed = try await owner.confirmSetup(
                Redacted(code), of: .session(user.id), session: session, context: context())
            let renewed = try #require(confirmed.renewed)
            return (offer.secret.value, confirmed.codes, renewed.0.digest)
        }

        func tempToken(_ email: String = "ada@example.com", at seconds: Int64) async throws
            -> TokenDigest
        {
            let address = try EmailAddress(email)
            let signIn = try await accounts.shard(of: address).signIn(
                address, password: try PasswordRules.normalise("correct horse battery"),
                context: context(seconds))
            guard case .secondFactorNeeded(let secret, _) = signIn else {
                throw AccountError.twoFactorNotEnabled
            }
            return secret.digest
        }
    }

    @Test("a hundred registrations of one address make one account")
    func oneAddress() async throws {
        let world = World()
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { (try? await world.register()) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
        #expect(try await world.accounts.counts().users == 1)
    }

    @Test("of many first registrations at once exactly one is the admin")
    func firstAdmin() async throws {
        let world = World()
        let admins = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<40 {
                group.addTask {
                    try await world.register("user\(index)@example.com").user.role == .admin
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(admins == 1)
        #expect(try await world.accounts.enabledAdminCount() == 1)
    }

    @Test("a hundred parallel uses of one TOTP code give exactly one session")
    func oneCode() async throws {
        let world = World()
        let (user, principal, _) = try await world.register()
        let (secret, _, _) = try await world.enrol(user, session: principal.digest)
        let owner = try world.accounts.owner(of: user.id)
        let at: Int64 = 60
        let code = TOTP.code(secret: secret, step: TOTP.step(at: world.start) + 2)
        var tokens: [TokenDigest] = []
        for _ in 0..<64 { tokens.append(try await world.tempToken(at: at)) }
        let before = try await world.accounts.counts().sessions
        let opened = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                let token = tokens[index % tokens.count]
                group.addTask {
                    (try? await owner.verify(
                        token, factor: .totp(Redacted(code)), context: world.context(at))) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(opened == 1)
        #expect(try await world.accounts.counts().sessions == before + 1)
    }

    @Test("a hundred parallel uses of one backup code give exactly one session")
    func oneBackupCode() async throws {
        let world = World()
        let (user, principal, _) = try await world.register()
        let (_, codes, _) = try await world.enrol(user, session: principal.digest)
        let owner = try world.accounts.owner(of: user.id)
        var tokens: [TokenDigest] = []
        for _ in 0..<64 { tokens.append(try await world.tempToken(at: 60)) }
        let opened = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<100 {
                let token = tokens[index % tokens.count]
                group.addTask {
                    (try? await owner.verify(
                        token, factor: .backup(codes[4]), context: world.context(60))) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(opened == 1)
    }

    @Test("a burst of wrong codes is judged ten times and no more")
    func burst() async throws {
        let world = World()
        let (user, principal, _) = try await world.register()
        let (_, codes, _) = try await world.enrol(user, session: principal.digest)
        let owner = try world.accounts.owner(of: user.id)
        let wrong = try #require(BackupCode.generate(random: world.random).first)
        #expect(wrong.text.value != codes[0].text.value)
        var tokens: [TokenDigest] = []
        for _ in 0..<64 { tokens.append(try await world.tempToken(at: 60)) }
        let judged = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                let token = tokens[index % tokens.count]
                let factor: FactorProof =
                    index.isMultiple(of: 2) ? .totp(Redacted("000000")) : .backup(wrong)
                group.addTask {
                    do throws(AccountError) {
                        _ = try await owner.verify(
                            token, factor: factor, context: world.context(60))
                        return true
                    } catch {
                        return error == .codeInvalid
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(judged == AttemptDelay.freeFailures)
    }

    @Test("parallel confirmations of one setup give one set of backup codes")
    func oneConfirmation() async throws {
        let world = World()
        let (user, principal, _) = try await world.register()
        let owner = try world.accounts.owner(of: user.id)
        let offer = try await owner.startSetup(for: user.id, context: world.context())
        let code = TOTP.code(secret: offer.secret.value, step: TOTP.step(at: world.start))
        let confirmed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    (try? await owner.confirmSetup(
                        Redacted(code), of: .session(user.id), session: principal.digest,
                        context: world.context())) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(confirmed == 1)
    }

    @Test("nothing is told before it is durable")
    func heldBack() async throws {
        let world = World()
        let (user, principal, secret) = try await world.register()
        let owner = try world.accounts.owner(of: user.id)
        world.log.holdDurability()
        async let ended: Void = owner.endSession(
            principal.session.id, of: user.id, by: principal.digest, context: world.context())
        while try await world.accounts.counts().sessions > 0 { await Task.yield() }
        // The session is gone in memory; a check of it must not say so before the disk does.
        async let checked = owner.authenticate(secret.digest, at: world.start)
        for _ in 0..<100 { await Task.yield() }
        #expect(world.log.waiterCount == 2)
        world.log.releaseDurability()
        try await ended
        #expect(await checked == nil)
    }

    @Test("a full disk refuses what is new, changes nothing, and lets reads go on")
    func full() async throws {
        let world = World()
        let (user, principal, secret) = try await world.register()
        let owner = try world.accounts.owner(of: user.id)
        world.log.isFull = true
        await #expect(throws: AccountError.storage(.full)) {
            try await owner.endSession(
                principal.session.id, of: user.id, by: principal.digest, context: world.context())
        }
        #expect(await owner.authenticate(secret.digest, at: world.start)?.user == user)
        world.log.isFull = false
        try await owner.endSession(
            principal.session.id, of: user.id, by: principal.digest, context: world.context())
        #expect(await owner.authenticate(secret.digest, at: world.start) == nil)
    }

    @Test("idle and absolute limits end a session, a step-up and a password change renew its token")
    func lifetimes() async throws {
        let world = World()
        let policy = AccountPolicy()
        let (user, _, secret) = try await world.register()
        let owner = try world.accounts.owner(of: user.id)
        let idle = policy.sessionIdleSeconds
        let almost = world.start.advanced(bySeconds: idle - 1)
        #expect(await owner.authenticate(secret.digest, at: almost) != nil)
        // Seen just now, so the idle limit begins again.
        #expect(
            await owner.authenticate(secret.digest, at: almost.advanced(bySeconds: idle - 1)) != nil
        )

        let password = try PasswordRules.normalise("correct horse battery")
        let renewed = try await owner.stepUp(
            secret.digest, of: user.id, password: password, factor: nil, context: world.context(5))
        #expect(await owner.authenticate(secret.digest, at: almost) == nil)
        let seen = await owner.authenticate(
            renewed.secret.digest, at: world.start.advanced(bySeconds: 6))
        #expect(seen?.session.authenticatedAt == world.start.advanced(bySeconds: 5))

        var now = world.start
        while now < world.start.advanced(bySeconds: policy.sessionAbsoluteSeconds - idle) {
            now = now.advanced(bySeconds: idle - 10)
            _ = await owner.authenticate(renewed.secret.digest, at: now)
        }
        let end = world.start.advanced(bySeconds: policy.sessionAbsoluteSeconds)
        #expect(await owner.authenticate(renewed.secret.digest, at: end) == nil)
    }

    @Test("a stranger's wrong passwords slow strangers, not the owner's own address")
    func throttled() async throws {
        let world = World()
        let email = try EmailAddress("ada@example.com")
        _ = try await world.register()
        let owner = try world.accounts.shard(of: email)
        let wrong = Redacted(Array("not the password".utf8))
        for index in 0..<10 {
            await #expect(throws: AccountError.invalidCredentials) {
                try await owner.signIn(
                    email, password: wrong, context: world.context(from: "198.51.100.\(index)"))
            }
        }
        await #expect(throws: AccountError.tooManyAttempts(retryAfterSeconds: 1)) {
            try await owner.signIn(
                email, password: wrong, context: world.context(from: "203.0.113.9"))
        }
        let right = try PasswordRules.normalise("correct horse battery")
        _ = try await owner.signIn(email, password: right, context: world.context())
    }

    @Test("a claim of the first admin that a crash left behind is taken over")
    func staleClaim() async throws {
        let world = World()
        var installation = InstallationState()
        let ghost = UserID(shard: ShardID(1), at: world.start, random: world.random)
        installation.apply(.firstAdminClaimed(ghost), record: 1)
        let accounts = World.directory(
            log: world.log, keyring: world.keyring, hasher: world.hasher,
            recovered: (0..<4).map { _ in RecoveredAccounts() }, installation: installation)
        let email = try EmailAddress("ada@example.com")
        let made = try await accounts.register(
            email, password: try PasswordRules.checkNew("correct horse battery", email: email),
            phone: nil, role: nil, startsSession: false, context: world.context())
        #expect(made.user.role == .admin)
    }

    @Test("the last enabled admin can be neither disabled nor demoted")
    func lastAdmin() async throws {
        let world = World()
        let (user, _, _) = try await world.register()
        await #expect(throws: AccountError.lastAdmin) {
            try await world.accounts.setDisabled(true, of: user.id, context: world.context())
        }
        await #expect(throws: AccountError.lastAdmin) {
            try await world.accounts.setRole(of: user.id, to: .member, context: world.context())
        }
    }
}
