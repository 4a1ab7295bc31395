import Crypto
package import Persistence

/// Which server is to own which shard, and who takes over when it can't. Pure: every server that
/// has heard of the same members comes to the same answer, without asking anybody.
///
/// Each pair of a shard and a server has a weight, a hash of both (rendezvous hashing). The pairs
/// are taken from the heaviest down, and no server gets more than its share, so that the numbers of
/// shards differ by one at the most. A server that comes or goes moves about its share and seldom
/// more: whatever does not concern it keeps its weight.
package struct Placement: Equatable, Sendable {
    package let shardCount: Int
    /// For each shard the members in the order in which they are to take it over; the one that is
    /// to own it may be behind those that are warm.
    private let orders: [[Member]]
    private let choices: [Member?]

    /// - Parameter members: those that live. One that is stopping is no choice.
    package init(shardCount: Int, members: [Member]) {
        let candidates = members.filter { !$0.said.isStopping }
        let weights = (0..<shardCount).map { shard in
            candidates.map { Self.weight(of: ShardID(UInt16(shard)), at: $0.address) }
        }
        let owners = Self.owners(weights, memberCount: candidates.count)
        self.shardCount = shardCount
        choices = owners.map { owner in owner.map { candidates[$0] } }
        orders = (0..<shardCount).map { index in
            let shard = ShardID(UInt16(index))
            let ranked = candidates.indices.sorted { left, right in
                let isLeft = (candidates[left].isWarm(shard), left == owners[index])
                let isRight = (candidates[right].isWarm(shard), right == owners[index])
                // Who has the state in memory comes first, then who is to own it.
                if isLeft.0 != isRight.0 { return isLeft.0 }
                if isLeft.1 != isRight.1 { return isLeft.1 }
                return weights[index][left] > weights[index][right]
            }
            return ranked.map { candidates[$0] }
        }
    }

    /// Who is to own the shard; nil when nobody lives.
    package func choice(for shard: ShardID) -> Member? { choices[Int(shard.rawValue)] }

    /// How many others come first when the shard has no owner; nil when the server is no choice.
    package func rank(of server: OwnerID, for shard: ShardID) -> Int? {
        orders[Int(shard.rawValue)].firstIndex { $0.id == server }
    }

    /// The shards that a server is to own.
    package func shards(of server: OwnerID) -> [ShardID] {
        choices.indices.filter { choices[$0]?.id == server }.map { ShardID(UInt16($0)) }
    }

    // MARK: Shares

    private static func owners(_ weights: [[UInt64]], memberCount: Int) -> [Int?] {
        var owners = [Int?](repeating: nil, count: weights.count)
        guard memberCount > 0 else { return owners }
        let share = weights.count / memberCount
        // So many have one more than the others.
        var larger = weights.count % memberCount
        var loads = [Int](repeating: 0, count: memberCount)
        let pairs = weights.indices.flatMap { shard in (0..<memberCount).map { (shard, $0) } }
        let heaviest = pairs.sorted { left, right in
            let (one, other) = (weights[left.0][left.1], weights[right.0][right.1])
            // Equal weights do not happen; if they did, all servers would still agree.
            return one == other ? left < right : one > other
        }
        for (shard, member) in heaviest where owners[shard] == nil {
            guard loads[member] < share || (loads[member] == share && larger > 0) else { continue }
            if loads[member] == share { larger -= 1 }
            loads[member] += 1
            owners[shard] = member
        }
        return owners
    }

    /// The first bytes of SHA-256 of the shard's number and the address: the same on all machines
    /// and in all versions. A changed byte here would move half of the shards of a running cluster.
    static func weight(of shard: ShardID, at address: String) -> UInt64 {
        var hash = SHA256()
        var writer = ByteWriter()
        writer.write(shard.rawValue)
        writer.writeRaw(address.utf8)
        hash.update(data: writer.bytes)
        return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
