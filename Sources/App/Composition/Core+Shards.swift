import Actors
import Persistence

/// Shards that come and go, in a cluster.
extension Core {
    /// The actors of a server that owns nothing yet.
    static func empty(
        _ settings: Settings, keys: MasterKeys, keyring: DataKeyring, log: any EventLog,
        clock: any WallClock, routing: @escaping Routing
    ) async throws -> Core {
        let nothing = RecoveredState(
            shardCount: log.shardCount, usage: usage(settings, try settings.catalog()))
        return try await make(
            of: nothing, settings, keys: keys, keyring: keyring, log: log, local: nil, clock: clock,
            routing: routing)
    }

    /// The actors go on with the shard as its last owner has left it.
    func adopt(_ state: RecoveredShard, of shard: ShardID) async throws {
        await actor(of: shard).adopt(state.accounts)
        try await limiters.adopt(
            state.rateLimitChunks, of: shard, of: log.shardCount, at: clock.now())
        if let common = state.common {
            await accounts.installation.adopt(
                common.installation, lastUsed: common.tokensLastUsed)
            await usage.adopt(common.usage)
            await alerts.adopt(common.alerts)
        }
        holds.begin(shard)
    }

    /// The actors give the shard up, with everything that they have appended.
    func surrender(_ shard: ShardID) async -> RecoveredShard {
        holds.end(shard)
        var state = RecoveredShard(
            accounts: await actor(of: shard).surrender(),
            rateLimitChunks: await limiters.surrender(shard, of: log.shardCount))
        guard shard == RecoveredState.commonShard else { return state }
        let installation = await accounts.installation.surrender()
        state.common = RecoveredShard.Common(
            installation: installation.state, tokensLastUsed: installation.lastUsed,
            usage: await usage.surrender(), alerts: await alerts.surrender())
        return state
    }

    private func actor(of shard: ShardID) -> AccountActor { accounts.shards[Int(shard.rawValue)] }
}
