import Actors
import Persistence
import TestSupport
import Testing

/// Security events that are looked up by their trace.
@Suite(.timeLimit(.minutes(1))) struct AccountTraceTests {
    private static let at = Timestamp(seconds: 1_800_000_000)
    private static let shards = 4

    private let log = MemoryLog(shardCount: shards)

    private static func trace(_ number: Int) -> TraceID { TraceID(high: 5, low: UInt64(number)) }

    /// A user with two security events: one under the trace of this number, one under trace 0.
    private static func user(_ number: Int) -> User {
        var user = User(
            id: UserID(
                EntityID(
                    shard: ShardID(UInt16(number % shards)), high: 1, low: UInt64(number))),
            email: "user\(number)@example.com", passwordHash: "hash", role: .member, phone: nil,
            createdAt: at)
        user.activity = [(Activity.Kind.registered, number), (.signedIn, 0)].map { kind, trace in
            Activity(
                kind: kind, at: at, trace: Self.trace(trace), address: "192.0.2.7",
                userAgent: "curl/8")
        }
        return user
    }

    private func directory(users count: Int) -> AccountDirectory {
        var recovered = (0..<Self.shards).map { _ in RecoveredAccounts() }
        for number in 1...count {
            let user = Self.user(number)
            recovered[Int(user.id.shard.rawValue)].state.apply(
                .registered(user), record: 0)
        }
        return AccountActorTests.World.directory(
            log: log, keyring: DataKeyring.generate(random: SystemRandomSource()),
            hasher: PasswordHasher(
                threads: 1, queueSecondsMax: 1, queueLengthMax: 1,
                parameters: Argon2Parameters(memoryKiB: 8, passes: 1)),
            recovered: recovered, installation: InstallationState())
    }

    @Test("the one user of a trace is found, wherever it stands among all users")
    func oneUser() async throws {
        // So many that a shard is looked through in several turns.
        let count = 4100
        let accounts = directory(users: count)
        for number in [1, 2, 3, 4, 1999, 2000, 2001, 2004, 2005, 4096, count - 1, count] {
            let found = try await accounts.activities(under: Self.trace(number))
            #expect(found.map(\.user) == [Self.user(number).id], "\(number)")
            #expect(found.map(\.activity.kind) == [.registered], "\(number)")
        }
        #expect(try await accounts.activities(under: Self.trace(count + 1)).isEmpty)
    }

    @Test("a trace of many users has the events of all of them, each once")
    func manyUsers() async throws {
        let found = try await directory(users: 2100).activities(under: Self.trace(0))
        #expect(found.count == 2100 && Set(found.map(\.user)).count == 2100)
        #expect(found.allSatisfy { $0.activity.kind == .signedIn })
    }

    @Test("an event is not shown before it is durable")
    func waits() async throws {
        let accounts = directory(users: 8)
        let id = Self.user(5).id
        let owner = try accounts.owner(of: id)
        let context = CommandContext(
            at: Self.at, trace: Self.trace(77), source: .unknown, userAgent: "test")
        log.holdDurability()
        let change = Task {
            try await owner.changePhone(
                of: id, to: PhoneNumber("+14155550100"), context: context)
        }
        while log.waiterCount < 1 { await Task.yield() }
        let found = Task {
            try await accounts.activities(under: Self.trace(77)).map(\.activity.kind)
        }
        while log.waiterCount < 2 { await Task.yield() }
        log.releaseDurability()
        _ = try await change.value
        #expect(try await found.value == [.phoneChanged])
    }
}
