import Actors
import Persistence
import TestSupport
import Testing

@Suite("A shard that is given up and taken over", .timeLimit(.minutes(1)))
struct SurrenderTests {
    private typealias World = AccountActorTests.World
    private let now = UsageSamples.now

    /// What recovery makes of the log.
    private func replayed(_ log: MemoryLog) throws -> RecoveredState {
        try RecoveredState.recover(from: log, usage: UsageSamples.state())
    }

    /// The actors of another server on the same log.
    private func other(_ world: World) -> AccountDirectory {
        World.directory(
            log: world.log, keyring: world.keyring, hasher: world.hasher,
            recovered: (0..<4).map { _ in RecoveredAccounts() }, installation: InstallationState())
    }

    private func move(_ from: AccountDirectory, _ to: AccountDirectory) async {
        for (giving, taking) in zip(from.shards, to.shards) {
            await taking.adopt(await giving.surrender())
        }
        let (state, lastUsed) = await from.installation.surrender()
        await to.installation.adopt(state, lastUsed: lastUsed)
    }

    @Test("accounts: what is given is what the log says, and nothing of it is left")
    func accounts() async throws {
        let world = World()
        let (user, principal, secret) = try await world.register()
        let owner = try world.accounts.owner(of: user.id)
        let given = await owner.surrender()
        let recovered = try replayed(world.log)
        #expect(given.state == recovered.accounts[Int(user.id.shard.rawValue)].state)
        #expect(try await world.accounts.authenticate(secret, at: world.start) == nil)
        #expect(world.accounts.authenticateNow(secret, at: world.start) == nil)
        #expect(await owner.counts.users == 0)
        await owner.adopt(given)
        let again = try await world.accounts.authenticate(secret, at: world.start)
        #expect(again?.user == principal.user)
    }

    @Test("accounts: to another server and back, again and again; no record is missing or doubled")
    func thereAndBack() async throws {
        let world = World()
        var (here, there) = (world.accounts, other(world))
        var secrets: [BearerSecret] = []
        for round in 0..<10 {
            let address = try EmailAddress("user\(round)@example.com")
            let made = try await here.register(
                address,
                password: try PasswordRules.checkNew("correct horse battery", email: address),
                phone: nil, role: nil, startsSession: true, context: world.context())
            #expect(made.user.role == (round == 0 ? .admin : .member))
            secrets.append(try #require(made.session).secret)
            await move(here, there)
            swap(&here, &there)
            for secret in secrets {
                #expect(try await here.authenticate(secret, at: world.start) != nil)
                #expect(try await there.authenticate(secret, at: world.start) == nil)
            }
        }
        let recovered = try replayed(world.log)
        for (index, shard) in here.shards.enumerated() {
            #expect(await shard.surrender().state == recovered.accounts[index].state)
        }
    }

    @Test("an actor whose shard is elsewhere is not asked: it would say that nobody is there")
    func elsewhere() async throws {
        let world = World()
        let (user, _, secret) = try await world.register()
        let directory = AccountDirectory(
            shards: world.accounts.shards, installation: world.accounts.installation,
            isHere: { $0 != user.id.shard }, hasher: world.hasher, random: world.random)
        let email = try EmailAddress("ada@example.com")
        #expect(throws: AccountError.notReady) { try directory.owner(of: user.id) }
        #expect(throws: AccountError.notReady) { try directory.shard(of: email) }
        #expect(throws: AccountError.notReady) { try directory.actor(of: secret.shard) }
        #expect(directory.authenticateNow(secret, at: world.start) == nil)
        #expect(try directory.actor(of: ShardID(99)) == nil)
    }

    @Test("wrong passwords are counted on by whoever takes over")
    func throttle() async throws {
        let world = World()
        let (user, _, _) = try await world.register()
        let address = try EmailAddress("ada@example.com")
        let owner = try world.accounts.owner(of: user.id)
        for _ in 0..<3 {
            _ = try? await owner.signIn(
                address, password: try PasswordRules.normalise("wrong horse battery"),
                context: world.context())
        }
        let given = await owner.surrender()
        let next = try other(world).owner(of: user.id)
        await next.adopt(given)
        #expect(await next.surrender().throttle == given.throttle)
        #expect(await owner.surrender().throttle == PasswordThrottle())
    }

    @Test("service tokens work where they are, for those who can't wait for a turn, too")
    func tokens() async throws {
        let world = World()
        let (user, _, _) = try await world.register()
        let (_, secret) = try await world.accounts.installation.mint(
            name: "t", scopes: [.usageWrite], by: user.id, expiresAt: nil, tokensPerAccountMax: 9,
            at: world.start)
        let there = other(world)
        await move(world.accounts, there)
        let gone = world.accounts.installation.tokenIndex
        #expect(gone.authenticate(secret.digest, at: world.start) == nil)
        let found = there.installation.tokenIndex.authenticate(secret.digest, at: world.start)
        #expect(found?.name == "t")
        #expect(await there.installation.tokens(at: world.start).count == 1)
    }

    @Test("usage: what event loops have appended is given, too, and stays a duplicate")
    func usage() async throws {
        let log = MemoryLog()
        let journal = CallJournal(log: log)
        let actor = UsageActor(recovered: UsageSamples.state(), log: log, journal: journal)
        _ = try await actor.ingest([UsageSamples.report(1)], at: now)
        _ = try journal.append(
            .event(UsageSamples.facts(source: .observed), report: nil, arrivedAt: now))
        let given = await actor.surrender()
        #expect(given == (try replayed(log)).usage)
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 0)
        let next = UsageActor(recovered: UsageSamples.state(), log: log)
        await next.adopt(given)
        #expect(await next.counts(at: now)[UsageSamples.openai]?.ok == 2)
        #expect(
            try await next.ingest([UsageSamples.report(1)], at: now).outcomes == [.duplicate])
        #expect(try await next.ingest([UsageSamples.report(2)], at: now).outcomes == [.accepted])
        await actor.adopt(await next.surrender())
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 3)
        #expect(await actor.surrender() == (try replayed(log)).usage)
    }

    @Test("messages: an answer that the log has no room for is not given as if it were in there")
    func postponed() async throws {
        let log = MemoryLog()
        let actor = AlertsActor(
            recovered: AlertsState(), limits: AlertsSamples.limits, log: log)
        guard case .send(let attempt) = try await actor.begin(AlertsSamples.attempt(key: 1)) else {
            Issue.record("the key was known")
            return
        }
        log.isFull = true
        await actor.finish(attempt, AlertsSamples.queued(1))
        let given = await actor.surrender()
        #expect(given == (try replayed(log)).alerts)
        #expect(given.underWay[attempt] != nil)
        log.isFull = false
        await actor.adopt(given)
        // What was not said then is said with the next record.
        _ = try await actor.begin(AlertsSamples.attempt(to: 2, key: 2))
        #expect(await actor.surrender() == (try replayed(log)).alerts)
        #expect(try replayed(log).alerts.underWay[attempt] == nil)
    }

    @Test("messages: whoever waits for an answer hears of it although the shard has gone")
    func waiters() async throws {
        let log = MemoryLog()
        let actor = AlertsActor(
            recovered: AlertsState(), limits: AlertsSamples.limits, log: log)
        guard case .send(let attempt) = try await actor.begin(AlertsSamples.attempt(key: 1)) else {
            Issue.record("the key was known")
            return
        }
        let waiting = Task { try await actor.begin(AlertsSamples.attempt(key: 1)) }
        // Until it waits, nothing can be seen of it; a turn later it does.
        for _ in 0..<1000 { await Task.yield() }
        let given = await actor.surrender()
        await actor.finish(attempt, AlertsSamples.queued(1))
        #expect(try await waiting.value == .answered(AlertsSamples.queued(1)))
        // The attempt is the next owner's to close.
        #expect(given.underWay[attempt] != nil && log.waiterCount == 0)
    }

    @Test("limits: what was used up is used up for the next owner, and only there")
    func limits() async throws {
        let policy = RateLimitPolicy(quota: 2, windowSeconds: 3600, burst: 2)
        let here = RateLimiters(policies: [.sms: policy])
        let there = RateLimiters(policies: [.sms: policy])
        let key = RateKey.source(.unknown)
        let home = key.home(of: 16)
        let stranger = RateKey.source(.v4(7))
        #expect(stranger.home(of: 16) != home)
        for key in [key, stranger] {
            for _ in 0..<2 { #expect(await here.take(.sms, key, at: now)?.isAllowed == true) }
        }
        try await there.adopt(await here.surrender(home, of: 16), of: home, of: 16, at: now)
        #expect(await there.take(.sms, key, at: now)?.isAllowed == false)
        #expect(await here.take(.sms, key, at: now)?.isAllowed == true)
        // What belongs to other shards stays where it is.
        #expect(await here.take(.sms, stranger, at: now)?.isAllowed == false)
        #expect(await there.take(.sms, stranger, at: now)?.isAllowed == true)
        // A second taking over replaces what was known.
        try await there.adopt([], of: home, of: 16, at: now)
        #expect(await there.take(.sms, key, at: now)?.isAllowed == true)
    }
}
