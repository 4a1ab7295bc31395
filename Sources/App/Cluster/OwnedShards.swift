import Actors
import Logging
import Persistence

/// Brings the state of a gained shard to its actors, opens its gate when everything is settled, and
/// takes the state back.
struct OwnedShards: ShardKeeping {
    let core: Core
    let gates: ServingGates
    /// Settles what the owner before left open, by appends to the shard of what there is once.
    let settle: @Sendable () async -> Void
    let logger: Logger

    func adopt(_ state: RecoveredShard, of shard: ShardID) async throws {
        try await core.adopt(state, of: shard)
    }

    func begin(_ shard: ShardID) async {
        if shard == RecoveredState.commonShard { await settle() }
        gates[shard].open()
        logger.notice("owns shard \(shard)")
    }

    func surrender(_ shard: ShardID) async -> RecoveredShard {
        // First, so that nobody is told what the emptied actors say.
        gates[shard].close()
        defer { logger.notice("has given up shard \(shard)") }
        return await core.surrender(shard)
    }
}
