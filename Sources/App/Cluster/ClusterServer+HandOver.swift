import Actors
import Logging
import Persistence
import Replication

/// Giving shards up between two requests.
extension ClusterServer {
    /// The engine may be choosing a leader.
    private static let releasePatience = Duration.seconds(5)
    /// How long the next owners are waited for, by whoever stops or wants to know.
    private static let successorPatience = Duration.seconds(2)
    /// Until the others have heard that this server is no choice any more, and wait no turn for it.
    private static let announcementPause = Duration.milliseconds(150)
    private static let lookEvery = Duration.milliseconds(5)

    /// Gives one shard up. Requests that come meanwhile wait for the next owner.
    func handOver(_ shard: ShardID) async {
        let left = await gates[shard].drain()
        if left > 0 {
            process.logger.notice(
                "gives up shard \(shard) with requests under way", metadata: ["count": "\(left)"])
        }
        member.log.release(shard)
        await until(within: Self.releasePatience) { !core.holds.holds(shard) }
    }

    /// Gives everything up and is no choice for anything until `comeBack`.
    ///
    /// - Returns: whether other servers have all of it.
    func handOverAll() async -> Bool {
        member.peers.membership.setStopping()
        try? await Task.sleep(for: Self.announcementPause)
        await withDiscardingTaskGroup { group in
            for shard in member.shards where core.holds.holds(shard) {
                group.addTask { await handOver(shard) }
            }
        }
        return await until(within: Self.successorPatience) {
            member.shards.allSatisfy { member.owner(of: $0) != nil }
        }
    }

    func comeBack() { member.peers.membership.setStopping(false) }

    /// Whether requests have somewhere to go, now or after a hand-over that is under way.
    func hasOwners() async -> Bool {
        await until(within: .milliseconds(HeldRequests.holdMilliseconds)) {
            member.shards.allSatisfy { gates[$0].isOpen || member.owner(of: $0) != nil }
        }
    }

    @discardableResult
    private func until(within patience: Duration, _ isSo: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while !isSo() {
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            try? await Task.sleep(for: Self.lookEvery)
        }
        return true
    }
}
