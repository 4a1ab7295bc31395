import Actors
import Persistence
import Replication

/// The state of all shards as their feeds tell it, kept in memory so that a take-over does not have
/// to load anything.
///
/// It is handed out once, when this server owns every shard. From then on it belongs to the actors,
/// and a feed that still says anything about the shard says that the ownership is over.
actor StateFollower {
    /// Nil once it has been handed out.
    private var state: RecoveredState?
    private(set) var owned: Set<ShardID> = []
    private let shardCount: Int
    /// The ownership has ended against our will; does not return in a server.
    private let onLost: @Sendable (ShardID) -> Void

    init(
        shardCount: Int, usage: UsageState, onLost: @escaping @Sendable (ShardID) -> Void
    ) {
        self.shardCount = shardCount
        self.onLost = onLost
        state = RecoveredState(shardCount: shardCount, usage: usage)
    }

    /// Returns when the log is closed.
    ///
    /// - Throws: `DecodingFault` for what passed its checksums and can't be understood.
    func follow(_ feed: ShardFeed, of shard: ShardID) async throws {
        while let event = await feed.next() { try handle(event, of: shard) }
    }

    func handle(_ event: ShardEvent, of shard: ShardID) throws {
        switch event {
        case .gained:
            owned.insert(shard)
        case .released:
            owned.remove(shard)
        case .lost, .stopped:
            owned.remove(shard)
            if state == nil { onLost(shard) }
        case .reset:
            state?.reset(shard)
        case .chunk(let header, let chunk):
            try state?.restore(header, chunk)
        case .section(let section):
            try state?.replay(section)
        }
    }

    /// The state, if every shard is owned at this moment; the actors that are made from it go on.
    func handOver() -> RecoveredState? {
        guard owned.count == shardCount else { return nil }
        defer { state = nil }
        return state
    }
}
