import Persistence

/// Which shards this server is to own. Pure: what happens goes in, orders for the log come out.
///
/// All shards have one owner at a time. Who owns the first becomes a candidate for the others; who
/// does not gives up what it has of them. So no two servers can hold a part each and wait for the
/// other.
struct OwnershipRule: Equatable {
    enum Order: Equatable {
        case candidate(ShardID, rank: Int?)
        case release(ShardID)
    }

    private(set) var owned: Set<ShardID> = []
    private let shards: [ShardID]
    private let ordinal: Int
    private var standsAside = true

    static let leading = ShardID(0)

    /// - Parameter ordinal: how many servers are asked first when there is no owner.
    init(shardCount: Int, ordinal: Int) {
        shards = (0..<shardCount).map { ShardID(UInt16($0)) }
        self.ordinal = ordinal
    }

    /// From now on this server takes its turn.
    mutating func stand() -> [Order] {
        standsAside = false
        return [.candidate(Self.leading, rank: ordinal)]
    }

    /// Gives up everything, and wants nothing until the next `stand`.
    mutating func standAside() -> [Order] {
        standsAside = true
        return shards.map { owned.contains($0) ? .release($0) : .candidate($0, rank: nil) }
    }

    mutating func gained(_ shard: ShardID) -> [Order] {
        owned.insert(shard)
        guard !standsAside, owned.contains(Self.leading) else { return [.release(shard)] }
        guard shard == Self.leading else { return [] }
        return shards.filter { !owned.contains($0) }.map { .candidate($0, rank: 0) }
    }

    /// The shard was released, or lost.
    mutating func ended(_ shard: ShardID) -> [Order] {
        owned.remove(shard)
        guard !standsAside else { return [] }
        guard shard == Self.leading else {
            return owned.contains(Self.leading) ? [.candidate(shard, rank: 0)] : []
        }
        return [.candidate(shard, rank: ordinal)]
            + shards.dropFirst().map {
                owned.contains($0) ? .release($0) : .candidate($0, rank: nil)
            }
    }
}
