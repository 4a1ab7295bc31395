import Persistence
import Synchronization

/// Which shards the actors have the state of. With a log of its own a server has all of them, for
/// its whole life; in a cluster they come and go.
final class ShardHolds: Sendable {
    /// Of each shard, how often it has come and gone: odd while it is here.
    private let counts: Mutex<[UInt64]>

    init(shardCount: Int, holdsAll: Bool) {
        counts = Mutex(Array(repeating: holdsAll ? 1 : 0, count: shardCount))
    }

    /// The same number before and after some reading says that all of it is of one stay; nil while
    /// the shard is not here.
    func stay(of shard: ShardID) -> UInt64? {
        let count = counts.withLock { $0[Int(shard.rawValue)] }
        return count.isMultiple(of: 2) ? nil : count
    }

    func holds(_ shard: ShardID) -> Bool { stay(of: shard) != nil }

    var holdsAny: Bool { counts.withLock { $0.contains { !$0.isMultiple(of: 2) } } }

    /// The actors have all of the shard's state.
    func begin(_ shard: ShardID) { turn(shard, isHere: true) }

    /// They are about to give it up.
    func end(_ shard: ShardID) { turn(shard, isHere: false) }

    private func turn(_ shard: ShardID, isHere: Bool) {
        counts.withLock { counts in
            let index = Int(shard.rawValue)
            precondition(counts[index].isMultiple(of: 2) == isHere, "a shard came or went twice")
            counts[index] += 1
        }
    }
}
