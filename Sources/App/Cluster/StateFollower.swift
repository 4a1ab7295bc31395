import Actors
import Persistence
import Replication

/// Whoever changes the state of the shards that this server owns.
protocol ShardKeeping: Sendable {
    /// Nothing is appended yet.
    func adopt(_ state: RecoveredShard, of shard: ShardID) async throws
    /// From now on the log takes appends to the shard.
    func begin(_ shard: ShardID) async
    /// The shard was given up, and everything that was appended is in the log.
    func surrender(_ shard: ShardID) async -> RecoveredShard
}

/// The state of all shards as their feeds tell it, kept in memory so that a take-over does not have
/// to load anything.
///
/// The state of a shard that this server gains goes to the keeper, and comes back when the shard is
/// given up: then the feed goes on where the keeper has ended. A keeper that loses its shard has
/// applied what is not in the log, and there is no way back from that.
actor StateFollower {
    private var state: RecoveredState
    /// Shards whose state is with the keeper.
    private var kept: Set<ShardID> = []
    private let keeper: any ShardKeeping
    /// A shard was lost against our will; does not return in a server.
    private let onLost: @Sendable (ShardID) -> Void

    init(
        shardCount: Int, usage: UsageState, keeper: any ShardKeeping,
        onLost: @escaping @Sendable (ShardID) -> Void
    ) {
        self.keeper = keeper
        self.onLost = onLost
        state = RecoveredState(shardCount: shardCount, usage: usage)
    }

    /// Returns when the log is closed.
    ///
    /// - Throws: `DecodingFault` for what passed its checksums and can't be understood.
    func follow(_ feed: ShardFeed, of shard: ShardID) async throws {
        while let event = await feed.next() {
            try await handle(event, of: shard)
            guard case .gained = event else { continue }
            feed.handled()
            await keeper.begin(shard)
        }
    }

    func handle(_ event: ShardEvent, of shard: ShardID) async throws {
        switch event {
        case .gained:
            kept.insert(shard)
            try await keeper.adopt(state.take(shard), of: shard)
        case .released:
            let surrendered = await keeper.surrender(shard)
            state.put(surrendered, of: shard)
            kept.remove(shard)
        case .lost, .stopped:
            if kept.remove(shard) != nil { onLost(shard) }
        case .reset:
            state.reset(shard)
        case .chunk(let header, let chunk):
            try state.restore(header, chunk)
        case .section(let section):
            try state.replay(section)
        }
    }
}
