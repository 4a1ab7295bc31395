package import Persistence

/// Which shard an owner gives to another server next. Pure: the table, the placement and the time
/// come in.
///
/// One at a time, so that a server that comes is not given everything while it still warms up its
/// caches, and so that a mistake costs one shard. Only to one that has lived and been warm for some
/// seconds: a server that comes and goes, or whose announcements are late, gets nothing.
package struct HandOverPlan: Sendable {
    package struct Move: Equatable, Sendable {
        package let shard: ShardID
        package let to: Member
    }

    package struct Times: Equatable, Sendable {
        /// Longer than a server that is killed is still believed to live.
        package var settledMilliseconds: UInt64 = 5000
        /// Between two moves: a hand-over takes a third of it.
        package var pauseMilliseconds: UInt64 = 1000
        /// A shard that was given to a server and came back is not given to the same one for so
        /// long: it could not take it, or could not keep it.
        package var returnedMilliseconds: UInt64 = 30_000

        package init() {}
    }

    private let me: OwnerID
    private let times: Times
    private var lastMoveAt: UInt64?
    private var moves: [ShardID: (to: OwnerID, at: UInt64)] = [:]

    package init(_ me: OwnerID, times: Times = Times()) {
        self.me = me
        self.times = times
    }

    /// The move that is due, which then counts as made. Nil when everything is where it belongs, or
    /// nothing can be done now.
    ///
    /// - Parameter owned: the shards of this server at this moment.
    package mutating func next(
        owned: Set<ShardID>, in placement: Placement, now: UInt64
    ) -> Move? {
        moves = moves.filter { now &- $0.value.at < times.returnedMilliseconds }
        if let lastMoveAt, now &- lastMoveAt < times.pauseMilliseconds { return nil }
        for shard in owned.sorted() {
            guard let choice = placement.choice(for: shard), choice.id != me,
                moves[shard]?.to != choice.id,
                choice.isSettled(
                    in: shard, forMilliseconds: times.settledMilliseconds, now: now)
            else { continue }
            lastMoveAt = now
            moves[shard] = (choice.id, now)
            return Move(shard: shard, to: choice)
        }
        return nil
    }
}
