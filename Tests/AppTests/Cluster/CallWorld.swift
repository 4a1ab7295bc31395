import Actors
import Logging
import Persistence
import Replication
import Synchronization
import TestSupport

@testable import App

/// Servers of one cluster in one process, each with actors of its own, and the messages between
/// them as they are on the wire.
final class CallWorld: Sendable {
    struct Clock: WallClock {
        func now() -> Timestamp { CallWorld.start }
    }

    static let start = Timestamp(seconds: 1_800_000_000)
    static let shardCount = 4

    private struct State {
        var owners: [ShardID: OwnerID] = [:]
        /// Where each server believes the shards to be, if not where they are.
        var beliefs: [OwnerID: [ShardID: ShardPlace]] = [:]
        var failures: [PeerCallError] = []
        var asked: [(by: OwnerID, of: OwnerID)] = []
        /// Done once, when a question has arrived.
        var onArrival: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    let servers: [CallServer]

    init(servers count: Int = 2, limits: [RateClass: RateLimitPolicy] = [:]) {
        let keyring = DataKeyring.generate(random: SystemRandomSource())
        servers = (1...UInt64(count)).map { CallServer($0, keyring: keyring, limits: limits) }
        for server in servers { server.join(self) }
    }

    func give(_ shard: UInt16, to server: CallServer?) {
        state.withLock { $0.owners[ShardID(shard)] = server?.id }
    }

    func deceive(_ server: CallServer, _ shard: UInt16, _ place: ShardPlace?) {
        state.withLock { $0.beliefs[server.id, default: [:]][ShardID(shard)] = place }
    }

    /// The next questions fail so.
    func fail(_ errors: [PeerCallError]) { state.withLock { $0.failures = errors } }

    func onArrival(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.onArrival = body }
    }

    var asked: [(by: OwnerID, of: OwnerID)] { state.withLock { $0.asked } }

    func place(of shard: ShardID, for server: OwnerID) -> ShardPlace {
        state.withLock { state in
            if let belief = state.beliefs[server]?[shard] { return belief }
            guard let owner = state.owners[shard] else { return .nobody }
            return owner == server ? .here : .at(owner)
        }
    }

    func ask(
        _ server: OwnerID, by asking: OwnerID, _ message: [UInt8]
    ) async throws(PeerCallError) -> [UInt8] {
        let (failure, onArrival) = state.withLock { state in
            state.asked.append((asking, server))
            defer { state.onArrival = nil }
            return (state.failures.isEmpty ? nil : state.failures.removeFirst(), state.onArrival)
        }
        if let failure { throw failure }
        guard let asked = servers.first(where: { $0.id == server }) else { throw .unreachable }
        onArrival?()
        return await asked.calls.answerer.answer(message, asking: asked.calls)
    }
}

/// One of them.
final class CallServer: Sendable {
    let id: OwnerID
    let log = MemoryLog(shardCount: CallWorld.shardCount)
    let limiters: RateLimiters
    private let shards: [AccountActor]
    private let installation: InstallationActor
    private let hasher: PasswordHasher
    private let parts = Mutex<(calls: RoutedShardCalls, accounts: AccountDirectory)?>(nil)

    init(_ number: UInt64, keyring: DataKeyring, limits: [RateClass: RateLimitPolicy]) {
        let (log, random) = (log, SystemRandomSource())
        let hasher = PasswordHasher(
            threads: 1, queueSecondsMax: 60, queueLengthMax: 1000,
            parameters: Argon2Parameters(memoryKiB: 8, passes: 1))
        id = OwnerID(high: number, low: 1)
        limiters = RateLimiters(policies: limits)
        installation = InstallationActor(
            recovered: InstallationState(), lastUsed: [:], log: log, random: random)
        shards = (0..<CallWorld.shardCount).map { shard in
            AccountActor(
                shard: ShardID(UInt16(shard)), recovered: RecoveredAccounts(), log: log,
                keyring: keyring, hasher: hasher, policy: AccountPolicy(), random: random)
        }
        self.hasher = hasher
    }

    fileprivate func join(_ world: CallWorld) {
        let desk = OperatorDesk()
        let answerer = ShardAnswerer(
            directory: View(world: world, id: id),
            local: LocalShardCalls(accounts: shards, installation: installation),
            limiters: limiters, desk: desk, clock: CallWorld.Clock())
        let calls = RoutedShardCalls(
            directory: View(world: world, id: id), answerer: answerer,
            peers: View(world: world, id: id), logger: Logger(label: "test"))
        let accounts = AccountDirectory(
            shards: shards, installation: installation, calls: calls, hasher: hasher,
            random: SystemRandomSource())
        let service = OperatorService(
            accounts: accounts,
            minting: TokenMinting(
                installation: installation, integrationIDs: ["openai"], tokensPerAccountMax: 2),
            resetTokenSeconds: 3600, clock: CallWorld.Clock(),
            ids: TraceIDSource(seed: SystemRandomSource()))
        desk.open(service.perform)
        parts.withLock { $0 = (calls, accounts) }
    }

    var calls: RoutedShardCalls { known.calls }
    var accounts: AccountDirectory { known.accounts }
    var router: OperatorRouter { OperatorRouter(calls: calls) }

    private var known: (calls: RoutedShardCalls, accounts: AccountDirectory) {
        guard let parts = parts.withLock({ $0 }) else { preconditionFailure("it has not joined") }
        return parts
    }

    private struct View: ShardDirectory, PeerAsking {
        let world: CallWorld
        let id: OwnerID

        var shardCount: Int { CallWorld.shardCount }
        func place(of shard: ShardID) -> ShardPlace { world.place(of: shard, for: id) }

        func ask(
            _ server: OwnerID, _ message: [UInt8], withinMilliseconds limit: UInt64
        ) async throws(PeerCallError) -> [UInt8] {
            try await world.ask(server, by: id, message)
        }
    }
}
