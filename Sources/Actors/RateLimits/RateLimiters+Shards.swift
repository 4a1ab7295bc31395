package import Persistence

/// Buckets travel with the shard where they are at home: `RateKey.home`.
extension RateLimiters {
    /// The buckets of each shard, by its number.
    package func snapshotChunks(shardCount: Int) async -> [[[UInt8]]] {
        var byHome = [[RateLimitEntry]](repeating: [], count: shardCount)
        for limiter in limiters {
            for entry in await limiter.entries {
                byHome[Int(entry.key.home(of: shardCount).rawValue)].append(entry)
            }
        }
        return byHome.map(RateLimitEntry.encode)
    }

    /// Nil for a shard without buckets.
    package static func snapshotPart(of shard: ShardID, _ chunks: [[UInt8]]) -> SnapshotPart? {
        guard !chunks.isEmpty else { return nil }
        return SnapshotPart(
            kind: SnapshotPartKind.rateLimits.rawValue, shard: shard, appliedRecord: 0,
            nextChunk: OneByOne(chunks) { $0 }.next)
    }

    /// Gives the shard's buckets up. The others stay as they are.
    package func surrender(_ shard: ShardID, of shardCount: Int) async -> [[UInt8]] {
        var entries: [RateLimitEntry] = []
        for limiter in limiters {
            entries += await limiter.remove { $0.home(of: shardCount) == shard }
        }
        return RateLimitEntry.encode(entries)
    }

    /// Goes on with the shard's buckets as its last owner has left them.
    ///
    /// What is here of the shard already was counted by somebody who asked too late, and counts for
    /// nothing. What the chunks have of other shards is not for this one.
    package func adopt(
        _ chunks: [[UInt8]], of shard: ShardID, of shardCount: Int, at now: Timestamp
    ) async throws(DecodingFault) {
        var entries: [RateLimitEntry] = []
        for chunk in chunks {
            entries += try RateLimitEntry.decode(chunk).filter {
                $0.key.home(of: shardCount) == shard
            }
        }
        _ = await surrender(shard, of: shardCount)
        await restore(entries, at: now)
    }
}
