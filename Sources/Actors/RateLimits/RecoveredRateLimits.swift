package import Persistence

/// The buckets that snapshots hold, by the shard where each is at home. Pure.
///
/// Snapshots of older versions have all of them in shard 0. Those are brought to where they belong,
/// and count for less than what their own shard's snapshot says: that one is newer.
package struct RecoveredRateLimits: Sendable {
    /// One shard's, encoded.
    private struct Home: Sendable {
        var own: [[UInt8]] = []
        /// What shard 0 had of it.
        var stray: [[UInt8]] = []
    }

    private var homes: [Home]

    private static let oldHome = ShardID(0)

    package init(shardCount: Int) { homes = Array(repeating: Home(), count: shardCount) }

    /// Takes a chunk of the shard's snapshot.
    package mutating func restore(
        _ chunk: [UInt8], of shard: ShardID
    ) throws(DecodingFault) {
        guard homes.indices.contains(Int(shard.rawValue)) else {
            throw .invalidValue("shard \(shard) of \(homes.count)")
        }
        let byHome = Dictionary(grouping: try RateLimitEntry.decode(chunk)) {
            $0.key.home(of: homes.count)
        }
        for (home, entries) in byHome {
            let chunks = RateLimitEntry.encode(entries)
            if home == shard {
                homes[Int(home.rawValue)].own += chunks
            } else if shard == Self.oldHome {
                homes[Int(home.rawValue)].stray += chunks
            }
        }
    }

    /// What the shard's snapshot said is void: another one follows.
    package mutating func reset(_ shard: ShardID) {
        homes[Int(shard.rawValue)].own = []
        guard shard == Self.oldHome else { return }
        for index in homes.indices { homes[index].stray = [] }
    }

    /// Hands a shard's buckets out: to be restored in this order.
    package mutating func take(_ shard: ShardID) -> [[UInt8]] {
        defer { homes[Int(shard.rawValue)] = Home() }
        return chunks(of: homes[Int(shard.rawValue)])
    }

    /// Takes back what was handed out.
    package mutating func put(_ chunks: [[UInt8]], of shard: ShardID) {
        homes[Int(shard.rawValue)] = Home(own: chunks)
    }

    /// Those of all shards, for a server that has all of them.
    package var chunks: [[UInt8]] { homes.flatMap(chunks) }

    /// The later ones win.
    private func chunks(of home: Home) -> [[UInt8]] { home.stray + home.own }
}
