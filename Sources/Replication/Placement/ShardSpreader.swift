import NATS
package import Persistence
import Synchronization

/// What the spreader needs of the log of a cluster.
package protocol ShardOwnership: Sendable {
    var shardCount: Int { get }
    func setCandidate(_ shard: ShardID, rank: Int?)
    func status(of shard: ShardID) -> ShardStatus?
}

extension JetStreamLog: ShardOwnership {}

/// Keeps the shards where the placement wants them: this server is a candidate for each in its
/// rank, and gives those of others away one by one.
package final class ShardSpreader: Sendable {
    private let log: any ShardOwnership
    private let membership: Membership
    private let handOver: @Sendable (HandOverPlan.Move) async -> Void
    private let now: @Sendable () -> UInt64
    private let plan: Mutex<HandOverPlan>

    /// Ranks and moves follow what is announced within so long.
    private static let tick = Duration.milliseconds(100)

    /// - Parameters:
    ///   - handOver: gives the shard up in good order (`JetStreamLog.release` at its end), and
    ///     returns when it has been given up or can't be. Nothing else is moved meanwhile.
    package init(
        _ log: any ShardOwnership, _ membership: Membership,
        times: HandOverPlan.Times = HandOverPlan.Times(),
        now: @escaping @Sendable () -> UInt64 = { Milliseconds.now },
        handOver: @escaping @Sendable (HandOverPlan.Move) async -> Void
    ) {
        self.log = log
        self.membership = membership
        self.now = now
        self.handOver = handOver
        plan = Mutex(HandOverPlan(membership.id, times: times))
    }

    /// Which shards this server could take over at once: what `Membership` announces.
    package static func warm(_ log: any ShardOwnership) -> Set<ShardID> {
        Set(log.shards.filter { log.status(of: $0)?.isWarm == true })
    }

    /// Runs until its task is cancelled. A hand-over that takes its time holds no announcement up.
    package func run() async {
        membership.start()
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    if let move = self.nextMove() { await self.handOver(move) }
                    try? await Task.sleep(for: Self.tick)
                }
            }
            while !Task.isCancelled {
                membership.tick()
                setRanks()
                try? await Task.sleep(for: Self.tick)
            }
        }
        membership.stop()
    }

    func setRanks() {
        guard let placement = placement() else { return }
        for shard in log.shards {
            log.setCandidate(shard, rank: placement.rank(of: membership.id, for: shard))
        }
    }

    /// What is to be given away now.
    func nextMove() -> HandOverPlan.Move? {
        guard let placement = placement() else { return nil }
        let owned = log.owned
        return plan.withLock { $0.next(owned: owned, in: placement, now: now()) }
    }

    private func placement() -> Placement? {
        membership.living().map { Placement(shardCount: log.shardCount, members: $0) }
    }
}

extension ShardOwnership {
    package var shards: [ShardID] { (0..<shardCount).map { ShardID(UInt16($0)) } }

    /// The shards of this server at this moment.
    package var owned: Set<ShardID> { Set(shards.filter { status(of: $0)?.role == .owning }) }

    /// By the number of the shard; nil while it is not loaded.
    package var statuses: [ShardStatus?] { shards.map { status(of: $0) } }
}
