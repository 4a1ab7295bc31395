/// The times and counts that a shard's replica keeps to.
package struct ReplicaSettings: Equatable, Sendable {
    /// An owner that has nothing to write says this often that it lives.
    package var heartbeatMilliseconds: UInt64 = 1000
    /// How long after it *first* sent the last message that is in the stream an owner may answer
    /// reads: nobody takes over earlier.
    package var leaseMilliseconds: UInt64 = 3000
    /// How long a follower hears nothing new before it takes over. More than the lease by what two
    /// clocks may drift apart in that time.
    package var takeOverMilliseconds: UInt64 = 3500
    /// The second candidate waits so much longer than the first, and so on.
    package var rankMilliseconds: UInt64 = 500
    /// The same for a shard that its owner has just given up: nobody has to be waited for, and two
    /// that try at once cost one refused append.
    package var releasedRankMilliseconds: UInt64 = 25
    /// Between attempts of an append whose answer did not come.
    package var retryMilliseconds: UInt64 = 100
    /// Between attempts while the stream is full or the engine refuses for another reason.
    package var refusedRetryMilliseconds: UInt64 = 1000
    /// So often the stream may have nothing that can be read where the engine refused a message,
    /// before that is believed.
    package var disagreementsMax = 30
    /// Consumers that are tried for a message that is missing or damaged, in the hope that one of
    /// them lives on another server.
    package var readersMax = 6
    /// Leaders that are asked to step down for it, each followed by all of the above.
    package var stepDownsMax = 3
    /// What an election takes when the old leader is well.
    package var stepDownMilliseconds: UInt64 = 2000
    /// How long one consumer has to deliver the message.
    package var readerMilliseconds: UInt64 = 5000
    /// What an owner holds in memory for the stream at the most.
    package var queuedBytesMax = 16 << 20

    package init() {}
}

/// Now, on both clocks.
package struct Moment: Equatable, Sendable {
    /// Milliseconds of a clock that only goes forward, also while the machine sleeps.
    package var monotonic: UInt64
    /// Unix milliseconds, for people.
    package var wall: UInt64

    package init(monotonic: UInt64, wall: UInt64) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
