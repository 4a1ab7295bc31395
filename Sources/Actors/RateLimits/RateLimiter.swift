package import Persistence

/// Owns some of the buckets. All of the rule is in `RateLimitTable`; the actor only orders
/// requests.
package actor RateLimiter {
    private var table: RateLimitTable

    package init(
        policies: [RateClass: RateLimitPolicy], bucketsMax: Int = RateLimiters.bucketsMax
    ) {
        table = RateLimitTable(policies: policies, bucketsMax: bucketsMax)
    }

    /// Takes one token. Nil when the class has no policy, which means unlimited.
    package func take(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) -> RateLimitDecision? {
        table.take(rateClass, key, at: now)
    }

    /// What `take` would answer, with nothing taken.
    package func peek(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) -> RateLimitDecision? {
        table.peek(rateClass, key, at: now)
    }

    /// How many buckets are held.
    package var count: Int { table.count }

    /// All buckets that are not full, in pieces that can be restored one by one.
    package func snapshotChunks() -> [[UInt8]] { RateLimitEntry.encode(table.entries()) }

    /// Puts the buckets of one chunk back. The time that passed since they were saved counts.
    package func restore(chunk: [UInt8], at now: Timestamp) throws(DecodingFault) {
        restore(try RateLimitEntry.decode(chunk), at: now)
    }

    func restore(_ entries: [RateLimitEntry], at now: Timestamp) {
        for entry in entries { table.restore(entry, at: now) }
    }

    /// The same of one shard, with which they come and go.
    func snapshotChunks(of shard: ShardID, _ shardCount: Int) -> [[UInt8]] {
        RateLimitEntry.encode(table.entries { $0.home(of: shardCount) == shard })
    }

    /// Every bucket of the shard is full again.
    func remove(_ shard: ShardID, _ shardCount: Int) {
        table.remove { $0.home(of: shardCount) == shard }
    }
}

/// All limits of the server, spread over several actors by key, so that requests of different
/// callers do not wait for each other.
package struct RateLimiters: Sendable {
    /// Some hundred bytes each at the most: 200 MB under an attack from a million addresses, and
    /// next to nothing otherwise, since full buckets are dropped.
    package static let bucketsMax = 1_000_000
    /// Several times the cores of any machine that this runs on.
    private static let limitersCount = 16

    private let policies: [RateClass: RateLimitPolicy]
    private let limiters: [RateLimiter]
    private let refusalCounts = RefusalCounts()

    package init(
        policies: [RateClass: RateLimitPolicy], bucketsMax: Int = RateLimiters.bucketsMax
    ) {
        let share = max(1, bucketsMax / RateLimiters.limitersCount)
        self.policies = policies
        limiters = (0..<RateLimiters.limitersCount).map { _ in
            RateLimiter(policies: policies, bucketsMax: share)
        }
    }

    /// Takes one token. Nil, without waiting for any actor, when the class has no policy.
    package func take(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) async -> RateLimitDecision? {
        guard policies[rateClass] != nil else { return nil }
        let decision = await limiter(of: key).take(rateClass, key, at: now)
        if let decision, !decision.isAllowed { refusalCounts.add(rateClass) }
        return decision
    }

    /// Whether requests of the class are counted at all.
    package func isLimited(_ rateClass: RateClass) -> Bool { policies[rateClass] != nil }

    /// How many requests each limit has refused since the start.
    package var refusals: [RateClass: UInt64] { refusalCounts.all }

    /// How many buckets are held, of callers that have used up some of a limit.
    package func bucketCount() async -> Int {
        var count = 0
        for limiter in limiters { count += await limiter.count }
        return count
    }

    /// What `take` would answer, with nothing taken.
    package func peek(
        _ rateClass: RateClass, _ key: RateKey, at now: Timestamp
    ) async -> RateLimitDecision? {
        guard policies[rateClass] != nil else { return nil }
        return await limiter(of: key).peek(rateClass, key, at: now)
    }

    package func snapshotChunks() async -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        for limiter in limiters { chunks += await limiter.snapshotChunks() }
        return chunks
    }

    /// Puts the buckets of one chunk back, each where its key belongs in this process.
    package func restore(chunk: [UInt8], at now: Timestamp) async throws(DecodingFault) {
        let entries = try RateLimitEntry.decode(chunk)
        for (place, entries) in Dictionary(grouping: entries, by: { self.place(of: $0.key) }) {
            await limiters[place].restore(entries, at: now)
        }
    }

    /// The buckets that are kept with a shard.
    package func snapshotChunks(of shard: ShardID, _ shardCount: Int) async -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        for limiter in limiters { chunks += await limiter.snapshotChunks(of: shard, shardCount) }
        return chunks
    }

    /// Gives the buckets of a shard up: they are somebody else's from then on.
    package func surrender(_ shard: ShardID, of shardCount: Int) async -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        for limiter in limiters {
            chunks += await limiter.snapshotChunks(of: shard, shardCount)
            await limiter.remove(shard, shardCount)
        }
        return chunks
    }

    /// Goes on with the buckets of a shard as others have left them.
    package func adopt(
        _ chunks: [[UInt8]], of shard: ShardID, of shardCount: Int, at now: Timestamp
    ) async throws(DecodingFault) {
        for limiter in limiters { await limiter.remove(shard, shardCount) }
        for chunk in chunks { try await restore(chunk: chunk, at: now) }
    }

    private func limiter(of key: RateKey) -> RateLimiter { limiters[place(of: key)] }

    /// Any spread will do, since it lasts no longer than the process: Swift's seeded hash keeps an
    /// attacker from aiming at one of them.
    private func place(of key: RateKey) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        return Int(UInt(bitPattern: hasher.finalize()) % UInt(limiters.count))
    }
}
