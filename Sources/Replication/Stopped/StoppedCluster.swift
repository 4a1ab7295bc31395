package import NATS
package import Persistence

/// The streams of a cluster that no server runs of, for whoever wants all that is in them.
package struct StoppedCluster: Sendable {
    package let shards: [StoppedShard]

    package enum Stillness: Equatable, Sendable {
        /// The last sequence of each shard's stream.
        case still([UInt64])
        /// Somebody owns the shard and lives.
        case owned(ShardID)
    }

    /// A server that lives takes a shard over, and says so in its stream, when it has heard nothing
    /// for 3.5 s, and each further candidate half a second later: here the sixth would have.
    package static let stillMilliseconds = 6500
    /// An owner says every second that it lives: most are found out long before the end.
    private static let lookMilliseconds = 500

    package init(_ jetStream: JetStream, id: DirectoryID, shardCount: Int) {
        shards = (0..<shardCount).map { index in
            StoppedShard(jetStream, StreamPlace(cluster: id, shard: ShardID(UInt16(index))))
        }
    }

    /// Watches the streams for as long as it takes to know.
    package func watch() async throws -> Stillness {
        let began = try await ends()
        for _ in 0..<Self.stillMilliseconds / Self.lookMilliseconds {
            try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
            for (shard, (before, now)) in zip(shards, zip(began, try await ends()))
            where before != now {
                return .owned(shard.place.shard)
            }
        }
        return .still(began)
    }

    private func ends() async throws -> [UInt64] {
        var ends: [UInt64] = []
        for shard in shards { ends.append(try await shard.end()) }
        return ends
    }
}
