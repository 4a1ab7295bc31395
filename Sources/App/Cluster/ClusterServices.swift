import Actors
import Persistence
import Replication
import ServiceLifecycle

/// Keeps the state of all shards, here or with the actors, answers the other servers, and keeps the
/// shards where they belong, until everything else has stopped.
struct Following: Service {
    let server: ClusterServer
    let follower: StateFollower
    let scrubbing: CopyScrubbing

    func run() async throws {
        let (member, peers) = (server.member, server.member.peers)
        let listener = peers.listen(server.calls)
        defer { listener.stop() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in member.shards {
                group.addTask { try await follow(shard) }
            }
            group.addTask { await scrubbing.run() }
            group.addTask {
                await cancelWhenGracefulShutdown {
                    await peers.spread { await server.handOver($0) }
                }
                await member.log.close()
            }
            try await group.waitForAll()
        }
    }

    private func follow(_ shard: ShardID) async throws {
        do {
            try await follower.follow(server.member.log.feed(of: shard), of: shard)
        } catch let fault as DecodingFault {
            throw StorageError.notUnderstood(fault, in: "the cluster's log, shard \(shard)")
        }
    }
}

/// The first step of a stop: `/ready` says so, and what is owned goes to other servers while this
/// one still answers everybody.
struct Departure: Service {
    let server: ClusterServer

    /// The other servers hear of the next owners when this one does, give or take.
    private static let settling = Duration.milliseconds(250)

    func run() async throws {
        try await gracefulShutdown()
        server.process.isStopping.set()
        guard server.core.holds.holdsAny else {
            return server.member.peers.membership.setStopping()
        }
        if await server.handOverAll() { try? await Task.sleep(for: Self.settling) }
    }
}
