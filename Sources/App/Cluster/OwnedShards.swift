import Actors
import Logging
import Persistence

/// Brings the state of gained shards to the actors, opens the gate when everything is there, and
/// takes the state back.
struct OwnedShards: ShardKeeping {
    let server: ClusterServer
    /// Settles what the owner before left open, by appends to the shard of what there is once.
    let settle: @Sendable () async -> Void

    func adopt(_ state: RecoveredShard, of shard: ShardID) async throws {
        server.member.gained(shard)
        try await server.core.adopt(state, of: shard)
    }

    func begin(_ shard: ShardID) async {
        if shard == RecoveredState.commonShard { await settle() }
        if server.gate.open(shard) {
            server.process.logger.notice("owns the data of the cluster")
        }
    }

    func surrender(_ shard: ShardID) async -> RecoveredShard {
        // First, so that nobody is told what the emptied actors say.
        server.gate.close(shard)
        let state = await server.core.surrender(shard)
        server.member.ended(shard)
        return state
    }
}
