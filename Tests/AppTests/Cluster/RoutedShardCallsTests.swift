import Actors
import Persistence
import Replication
import TestSupport
import Testing

@testable import App

@Suite("Calls to the owner of a shard, wherever it is", .timeLimit(.minutes(1)))
struct RoutedShardCallsTests {
    private static let password = Redacted(Array("correct horse battery staple".utf8))

    private static func context() -> CommandContext {
        CommandContext(
            at: CallWorld.start, trace: TraceID(high: 1, low: 2), source: .unknown,
            userAgent: "test")
    }

    /// Shards 0 and 1 are the first server's, 2 and 3 the second one's.
    private static func world(limits: [RateClass: RateLimitPolicy] = [:]) -> CallWorld {
        let world = CallWorld(limits: limits)
        for shard in UInt16(0)..<4 { world.give(shard, to: world.servers[shard < 2 ? 0 : 1]) }
        return world
    }

    private static func address(in shard: UInt16) throws -> EmailAddress {
        for number in 0..<1000 {
            let email = try EmailAddress("u\(number)@example.com")
            if email.shard(of: CallWorld.shardCount) == ShardID(shard) { return email }
        }
        throw EmailRejection.empty
    }

    @discardableResult
    private static func register(
        _ email: EmailAddress, at server: CallServer
    ) async throws -> (user: UserView, secret: BearerSecret) {
        let made = try await server.accounts.register(
            email, password: password, phone: nil, role: nil, startsSession: true,
            context: context())
        let session = try #require(made.session)
        return (made.user, session.secret)
    }

    private static func failure<Value>(
        _ body: () async throws(ShardCallError) -> Value
    ) async -> ShardCallError? {
        do throws(ShardCallError) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test("a session is known on every server, and a wrong token on none")
    func sessions() async throws {
        let world = Self.world()
        let email = try Self.address(in: 3)
        let (user, secret) = try await Self.register(email, at: world.servers[1])
        for server in world.servers {
            let principal = try await server.accounts.authenticate(secret, at: CallWorld.start)
            #expect(principal?.user == user)
            let random = SystemRandomSource()
            for shard in [UInt16(0), 3, 4, 0xffff] {
                let wrong = BearerSecret(.session, shard: ShardID(shard), random: random)
                #expect(
                    try await server.accounts.authenticate(wrong, at: CallWorld.start) == nil)
            }
            #expect(try await server.accounts.user(email: email) == user.id)
        }
        #expect(world.servers[0].accounts.authenticateNow(secret, at: CallWorld.start) == nil)
    }

    @Test("of first registrations on all servers at once exactly one is the admin")
    func firstAdmin() async throws {
        let world = Self.world()
        let roles = try await withThrowingTaskGroup(of: Role.self) { group in
            for number in 0..<40 {
                let email = try EmailAddress("first\(number)@example.com")
                let owner = email.shard(of: 4).rawValue < 2 ? 0 : 1
                group.addTask {
                    try await Self.register(email, at: world.servers[owner]).user.role
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(roles.count { $0 == .admin } == 1)
        for server in world.servers {
            let counts = try await server.accounts.counts()
            #expect(counts == ShardCounts(users: 40, sessions: 40, enabledAdmins: 1))
        }
    }

    @Test("a claim whose registration failed is taken over by the next one")
    func abandonedClaim() async throws {
        let world = Self.world()
        let (near, far) = (world.servers[0], world.servers[1])
        far.log.isFull = true
        let email = try Self.address(in: 2)
        await #expect(throws: AccountError.storage(.full)) {
            try await Self.register(email, at: far)
        }
        far.log.isFull = false
        #expect(try await Self.register(email, at: far).user.role == .admin)
        let other = try Self.address(in: 0)
        #expect(try await Self.register(other, at: near).user.role == .member)
    }

    @Test("when nobody can say whether the first admin exists, there is no second one")
    func unknownHolder() async throws {
        let world = Self.world()
        try await Self.register(try Self.address(in: 2), at: world.servers[1])
        world.deceive(world.servers[0], 2, .nobody)
        let role = try await Self.register(try Self.address(in: 0), at: world.servers[0]).user.role
        #expect(role == .member)
    }

    @Test("pages, counts and events are of all shards")
    func everything() async throws {
        let world = Self.world()
        var made: Set<String> = []
        for number in 0..<20 {
            let email = try EmailAddress("n\(number)@example.com")
            let owner = email.shard(of: 4).rawValue < 2 ? 0 : 1
            try await Self.register(email, at: world.servers[owner])
            made.insert(email.normalised)
        }
        for server in world.servers {
            var found: [String] = []
            var next: (shard: Int, offset: Int)?
            repeat {
                let page = try await server.accounts.users(from: next, limit: 3)
                found += page.users.map(\.email)
                next = page.next
            } while next != nil
            #expect(Set(found) == made && found.count == made.count)
            let events = try await server.accounts.activities(under: Self.context().trace)
            #expect(events.count == 20)
        }
    }

    @Test("a bucket is one bucket, whichever server takes from it")
    func limits() async throws {
        let policy = RateLimitPolicy(quota: 10, windowSeconds: 3600, burst: 10)
        let world = Self.world(limits: [.signIn: policy])
        for number in UInt32(0)..<8 {
            let key = RateKey.source(.v4(number))
            var allowed = 0
            for turn in 0..<24 {
                let server = world.servers[turn % 2]
                let decision = try await server.calls.take(.signIn, key, at: CallWorld.start)
                if decision?.isAllowed == true { allowed += 1 }
            }
            #expect(allowed == 10)
        }
    }

    @Test("where nothing is limited nobody is asked")
    func unlimited() async throws {
        let world = Self.world()
        let key = RateKey.user(UserID(EntityID(shard: ShardID(3), high: 1, low: 1)))
        #expect(try await world.servers[0].calls.take(.reads, key, at: CallWorld.start) == nil)
        #expect(world.asked.isEmpty)
    }

    @Test("who has lost the shard says so, and the new owner is asked")
    func misdirected() async throws {
        let world = CallWorld(servers: 3)
        let (one, two, three) = (world.servers[0], world.servers[1], world.servers[2])
        for shard in UInt16(0)..<4 { world.give(shard, to: three) }
        world.deceive(one, 3, .at(two.id))
        // It learns the truth while it asks.
        world.onArrival { world.deceive(one, 3, nil) }
        #expect(try await one.calls.counts(of: ShardID(3)).users == 0)
        #expect(world.asked.map(\.of) == [two.id, three.id])
    }

    @Test("a server that is not reached is asked again only when somebody else owns the shard")
    func unreachable() async throws {
        let world = Self.world()
        let (one, two) = (world.servers[0], world.servers[1])
        world.fail([.unreachable])
        let failure = await Self.failure { () throws(ShardCallError) in
            try await one.calls.counts(of: ShardID(3))
        }
        #expect(failure == .notReady)
        #expect(world.asked.map(\.of) == [two.id])
        world.fail([.unreachable])
        world.deceive(one, 3, .at(OwnerID(high: 99, low: 1)))
        let counted = Task { try await one.calls.counts(of: ShardID(3)).users }
        while world.asked.count < 2 { await Task.yield() }
        world.deceive(one, 3, nil)
        #expect(try await counted.value == 0)
    }

    @Test("a question of which nobody knows whether it was heard is not asked again")
    func silence() async {
        let world = Self.world()
        for error in [PeerCallError.silence, .overloaded, .notAuthentic(.notAuthentic)] {
            world.fail([error])
            let before = world.asked.count
            let failure = await Self.failure { () throws(ShardCallError) in
                try await world.servers[0].calls.counts(of: ShardID(3))
            }
            #expect(failure == .notReady)
            #expect(world.asked.count == before + 1)
        }
    }

    @Test("a shard that is changing hands is waited for")
    func held() async throws {
        let world = Self.world()
        world.give(3, to: nil)
        let counted = Task { try await world.servers[0].calls.counts(of: ShardID(3)).users }
        try await Task.sleep(for: .milliseconds(50))
        world.give(3, to: world.servers[1])
        #expect(try await counted.value == 0)
    }

    @Test("what was read of a shard that is lost meanwhile is not said")
    func lostMeanwhile() async throws {
        let world = Self.world()
        let email = try Self.address(in: 3)
        let (_, secret) = try await Self.register(email, at: world.servers[1])
        // Until the disk has it, the answer waits; then the shard is somebody else's.
        world.servers[1].log.holdDurability()
        let change = Task {
            let owner = try world.servers[1].accounts.owner(
                of: try #require(try await world.servers[1].accounts.user(email: email)))
            let user = try #require(try await world.servers[1].accounts.user(email: email))
            return try await owner.endAllSessions(of: user, context: Self.context())
        }
        while world.servers[1].log.waiterCount < 1 { await Task.yield() }
        let asked = Task {
            await Self.failure { () throws(ShardCallError) in
                try await world.servers[0].calls.authenticate(
                    secret.digest, of: ShardID(3), at: CallWorld.start)
            }
        }
        while world.servers[1].log.waiterCount < 2 { await Task.yield() }
        world.give(3, to: nil)
        world.servers[1].log.releaseDurability()
        #expect(await asked.value == .notReady)
        _ = try await change.value
    }

    @Test("a question that is not understood is answered as such")
    func otherVersion() async throws {
        let world = Self.world()
        let answerer = world.servers[0].calls.answerer
        for bytes in [[], [1], [2, 1], [1, 99, 0, 0]] as [[UInt8]] {
            let answer = await answerer.answer(bytes, asking: world.servers[0].calls)
            #expect(try ShardAnswer(answer) == .notUnderstood)
        }
    }
}
