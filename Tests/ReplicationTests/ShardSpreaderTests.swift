import Persistence
import Synchronization
import Testing

@testable import Replication

/// Servers that share shards in one process; their time is the test's.
private final class World: Sendable {
    struct Server {
        let membership: Membership
        let spreader: ShardSpreader
        let log: Log
        var isAlive = true
    }

    /// The log's part of it: a shard is taken by the living candidate of the lowest rank.
    final class Log: ShardOwnership {
        let shardCount = 16
        let id: OwnerID
        private let world: World
        let ranks = Mutex<[ShardID: Int]>([:])

        init(_ id: OwnerID, _ world: World) {
            self.id = id
            self.world = world
        }

        func setCandidate(_ shard: ShardID, rank: Int?) { ranks.withLock { $0[shard] = rank } }

        func status(of shard: ShardID) -> ShardStatus? {
            let owner = world.owner(of: shard)
            return ShardStatus(
                role: owner == id ? .owning : .following, mayRead: owner == id, epoch: 1,
                owner: owner ?? .none, address: "", sequence: 1, record: 1, isFull: false,
                isWarm: true)
        }
    }

    let bus = MemoryBus()
    let time = Atomic<UInt64>(1)
    private let owners = Mutex<[ShardID: OwnerID]>([:])
    let servers = Mutex<[Server]>([])
    let moves = Atomic<Int>(0)

    func owner(of shard: ShardID) -> OwnerID? { owners.withLock { $0[shard] } }

    func add(_ number: UInt64, start: UInt64 = 1) {
        let said = Peers.announcement(number, start: start, warm: [])
        let log = Log(said.id, self)
        let now: @Sendable () -> UInt64 = { self.time.load(ordering: .relaxed) }
        let membership = Membership(said, of: Peers.cluster, on: bus, now: now) {
            ShardSpreader.warm(log)
        }
        let spreader = ShardSpreader(log, membership, now: now) { _ in }
        membership.start()
        servers.withLock {
            $0.append(Server(membership: membership, spreader: spreader, log: log))
        }
    }

    func kill(_ number: Int) {
        servers.withLock { $0[number].isAlive = false }
        servers.withLock { $0[number].membership }.stop()
        let id = servers.withLock { $0[number].log.id }
        owners.withLock { owners in owners = owners.filter { $0.value != id } }
    }

    /// 100 ms of everybody's time. A late server says and decides nothing in them.
    func pass(late: Set<Int> = []) {
        time.add(100, ordering: .relaxed)
        let servers = servers.withLock { $0 }
        for (number, server) in servers.enumerated()
        where server.isAlive && !late.contains(number) {
            server.membership.tick()
            server.spreader.setRanks()
            if let move = server.spreader.nextMove() {
                owners.withLock { $0[move.shard] = nil }
                moves.add(1, ordering: .relaxed)
            }
        }
        for shard in (0..<16).map({ ShardID(UInt16($0)) }) where owner(of: shard) == nil {
            let candidates = servers.filter(\.isAlive).compactMap { server in
                server.log.ranks.withLock { $0[shard] }.map { (rank: $0, id: server.log.id) }
            }
            let first = candidates.min { $0.rank < $1.rank }
            owners.withLock { $0[shard] = first?.id }
        }
    }

    var loads: [Int] {
        let owners = owners.withLock { $0 }
        return servers.withLock { $0 }.filter(\.isAlive).map { server in
            owners.values.count { $0 == server.log.id }
        }
    }
}

@Suite("Shards spread over servers that come and go")
struct ShardSpreaderTests {
    @Test("the first has all, the others get their share, and then nothing moves any more")
    func growth() {
        let world = World()
        world.add(1)
        for _ in 0..<20 { world.pass() }
        #expect(world.loads == [16])
        world.add(2)
        for _ in 0..<200 { world.pass() }
        #expect(world.loads == [8, 8])
        world.add(3)
        for _ in 0..<200 { world.pass() }
        #expect(world.loads.sorted() == [5, 5, 6])
        let moves = world.moves.load(ordering: .relaxed)
        for _ in 0..<600 { world.pass() }
        #expect(world.moves.load(ordering: .relaxed) == moves)
        #expect(moves <= 8 + 9)
    }

    @Test("what a killed server had is taken by the others, and comes back when it does")
    func death() {
        let world = World()
        for number in UInt64(1)...3 { world.add(number) }
        for _ in 0..<300 { world.pass() }
        #expect(world.loads.sorted() == [5, 5, 6])
        world.kill(1)
        for _ in 0..<300 { world.pass() }
        #expect(world.loads == [8, 8])
        world.add(2, start: 2)
        for _ in 0..<300 { world.pass() }
        #expect(world.loads.sorted() == [5, 5, 6])
    }

    @Test("announcements that come up to 3.3 s apart move nothing", arguments: 0..<3)
    func lateAnnouncements(seed: UInt64) {
        let world = World()
        for number in UInt64(1)...3 { world.add(number) }
        for _ in 0..<300 { world.pass() }
        let moves = world.moves.load(ordering: .relaxed)
        var dice = SplitMix(seed: seed)
        for _ in 0..<12 {
            let late = Int(dice.next() % 3)
            // It has announced itself up to a second before.
            for _ in 0..<23 { world.pass(late: [late]) }
            for _ in 0..<12 { world.pass() }
        }
        #expect(world.moves.load(ordering: .relaxed) == moves)
    }

    @Test("nobody is a candidate before the others could be heard, or while it is cut off")
    func listening() throws {
        let world = World()
        world.add(1)
        let server = try #require(world.servers.withLock { $0.first })
        server.spreader.setRanks()
        #expect(server.log.ranks.withLock { $0.isEmpty })
        for _ in 0..<5 { world.pass() }
        #expect(server.log.ranks.withLock { $0[ShardID(0)] } == 0)
        world.bus.isCut = true
        for _ in 0..<11 { world.pass() }
        #expect(server.membership.living() == nil)
        world.bus.isCut = false
        for _ in 0..<20 { world.pass() }
        #expect(server.membership.living()?.count == 1)
    }

    @Test("who is heard of for the first time is answered at once")
    func greeting() {
        let world = World()
        world.add(1)
        for _ in 0..<3 { world.pass() }
        let before = world.bus.published.count
        world.add(2)
        // The greeting, and its answer.
        #expect(world.bus.published.count == before + 2)
    }
}
