import Actors
import Persistence
import Replication
import ServiceLifecycle

/// Keeps the state of all shards, here or with the actors, until everything else has stopped.
struct Following: Service {
    let member: ClusterMember
    let follower: StateFollower
    let scrubbing: CopyScrubbing

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in member.shards {
                group.addTask { try await follow(shard) }
            }
            group.addTask { await scrubbing.run() }
            group.addTask {
                member.stand()
                try await gracefulShutdown()
                await member.log.close()
            }
            try await group.waitForAll()
        }
    }

    private func follow(_ shard: ShardID) async throws {
        do {
            try await follower.follow(member.log.feed(of: shard), of: shard)
        } catch let fault as DecodingFault {
            throw StorageError.corrupt(
                file: "the cluster's log, shard \(shard)", offset: 0,
                reason: "its records pass their checksums and can't be understood "
                    + "(\(fault)); were they written by a newer version?")
        }
    }
}

/// The first step of a stop: `/ready` says so, and what is owned goes to another server while this
/// one still answers everybody.
struct Departure: Service {
    let server: ClusterServer

    /// The other servers hear of the next owner when this one does, give or take.
    private static let settling = Duration.milliseconds(250)

    func run() async throws {
        try await gracefulShutdown()
        server.process.isStopping.set()
        guard server.member.ownsAny else { return server.member.standAside() }
        if await server.handOver() { try? await Task.sleep(for: Self.settling) }
    }
}
