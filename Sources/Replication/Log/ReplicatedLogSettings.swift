import FoundationEssentials
package import Persistence

package struct ReplicatedLogSettings: Sendable {
    /// Which installation the streams belong to: a message of another is never taken for ours.
    package var cluster: DirectoryID
    /// Fixed when the cluster is made.
    package var shardCount: Int
    /// This start of this server.
    package var owner = OwnerID.random()
    /// Where other servers can send what concerns a shard that this one owns.
    package var address: String
    package var replicas = 3
    package var replica = ReplicaSettings()
    /// Unix milliseconds, for people only.
    package var wallClock: @Sendable () -> UInt64 = {
        UInt64(max(0, Date.now.timeIntervalSince1970 * 1000))
    }
    /// For the log of the program.
    package var notice: @Sendable (String) -> Void = { _ in }

    package init(cluster: DirectoryID, shardCount: Int, address: String) {
        self.cluster = cluster
        self.shardCount = shardCount
        self.address = address
    }
}

/// How one shard stands on this server.
package struct ShardStatus: Equatable, Sendable {
    package var role: ShardReplica.Role
    /// Whether what is in memory may be shown without asking anybody.
    package var mayRead: Bool
    package var epoch: UInt64
    package var owner: OwnerID
    /// Where the owner can be reached; empty when it did not say.
    package var address: String
    package var sequence: UInt64
    package var record: UInt64
    /// The stream takes nothing more at the moment.
    package var isFull: Bool
    /// The shard's state is in memory up to the end of the stream, or nearly: this server could
    /// take it over at once.
    package var isWarm = false
    /// How long reads are still answered without asking; 0 unless this server owns the shard.
    package var leaseMilliseconds: UInt64 = 0
    /// How long nothing was heard of the stream; 0 for its owner.
    package var silenceMilliseconds: UInt64 = 0
    /// What waits to be read by the one who keeps the state.
    package var unreadBytes = 0
    package var tally = ShardTally()
}

/// What became of this server's appends to a shard, since its start.
package struct ShardTally: Equatable, Sendable {
    package var appends: UInt64 = 0
    /// Whose callers were told that another server owns the shard.
    package var lost: UInt64 = 0
    /// Refused because the shard was not this server's, with nothing appended.
    package var fenced: UInt64 = 0

    package init() {}
}
