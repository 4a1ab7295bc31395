import Persistence

/// The buckets of one limiter: the rule, without an actor.
///
/// Memory is bounded: full buckets are dropped whenever the number has doubled, since a full bucket
/// equals none; and when there still are too many, those that would be full soonest go, which gives
/// the least away.
package struct RateLimitTable: Sendable {
    private struct Place: Hashable {
        let rateClass: RateClass
        let key: RateKey
    }

    private let policies: [RateClass: RateLimitPolicy]
    private let bucketsMax: Int
    private var buckets: [Place: TokenBucket] = [:]
    private var time = SteadyTime()
    private var sweepAt: Int

    package init(
        policies: [RateClass: RateLimitPolicy], bucketsMax: Int = RateLimiters.bucketsMax
    ) {
        precondition(bucketsMax > 0)
        self.policies = policies
        self.bucketsMax = bucketsMax
        sweepAt = min(bucketsMax, RateLimitTable.sweepMin)
    }

    var count: Int { buckets.count }

    /// Takes one token. Nil when the class has no policy, which means unlimited.
    package mutating func take(
        _ rateClass: RateClass, _ key: RateKey, at wall: Timestamp
    ) -> RateLimitDecision? {
        guard let policy = policies[rateClass] else { return nil }
        let now = time.advance(to: wall)
        let place = Place(rateClass: rateClass, key: key)
        if buckets[place] == nil, buckets.count >= sweepAt { sweep(at: now) }
        return buckets[place, default: .full(at: now)].take(policy, at: now)
    }

    /// What `take` would answer, with nothing taken.
    mutating func peek(
        _ rateClass: RateClass, _ key: RateKey, at wall: Timestamp
    ) -> RateLimitDecision? {
        guard let policy = policies[rateClass] else { return nil }
        let now = time.advance(to: wall)
        let bucket = buckets[Place(rateClass: rateClass, key: key)] ?? .full(at: now)
        return bucket.peek(policy, at: now)
    }
}

// MARK: Bounds

extension RateLimitTable {
    /// Below this many, nothing is worth looking for.
    private static let sweepMin = 1024
    /// What is freed at once when no bucket is full: the cost of sorting is spread over as many
    /// arrivals.
    private static let evictedShare = 8

    private mutating func sweep(at now: Int64) {
        buckets = buckets.filter { fullAt($0, $1) > now }
        if buckets.count >= bucketsMax {
            let soonest = buckets.sorted { fullAt($0.key, $0.value) < fullAt($1.key, $1.value) }
            for (place, _) in soonest.prefix(max(1, bucketsMax / RateLimitTable.evictedShare)) {
                buckets[place] = nil
            }
        }
        sweepAt = min(bucketsMax, max(RateLimitTable.sweepMin, buckets.count * 2))
    }

    private func fullAt(_ place: Place, _ bucket: TokenBucket) -> Int64 {
        // Only classes with a policy ever get a bucket.
        policies[place.rateClass].map(bucket.fullAt) ?? .min
    }
}

// MARK: Snapshots

/// One bucket as a snapshot holds it.
struct RateLimitEntry: Equatable, Sendable {
    let rateClass: RateClass
    let key: RateKey
    let missingThousandths: UInt64
    let updatedAt: Timestamp
}

extension RateLimitTable {
    /// Every bucket that is not full at the last moment seen, in wall-clock time.
    func entries(where isWanted: (RateKey) -> Bool = { _ in true }) -> [RateLimitEntry] {
        buckets.compactMap { place, bucket in
            guard isWanted(place.key), let policy = policies[place.rateClass], bucket.missing > 0
            else { return nil }
            return RateLimitEntry(
                rateClass: place.rateClass, key: place.key,
                missingThousandths: bucket.missingThousandths(policy),
                updatedAt: Timestamp(milliseconds: bucket.updatedAt - time.offset))
        }
    }

    /// The buckets of those callers are full again.
    mutating func remove(where isGone: (RateKey) -> Bool) {
        buckets = buckets.filter { !isGone($0.key.key) }
    }

    /// Puts one bucket back. The time between counts, unless the clock went back in it. A class
    /// that has lost its policy is left out.
    mutating func restore(_ entry: RateLimitEntry, at wall: Timestamp) {
        guard let policy = policies[entry.rateClass] else { return }
        let now = time.advance(to: wall)
        let place = Place(rateClass: entry.rateClass, key: entry.key)
        if buckets[place] == nil, buckets.count >= sweepAt { sweep(at: now) }
        buckets[place] = TokenBucket(
            missingThousandths: entry.missingThousandths, policy,
            updatedAt: min(now, entry.updatedAt.milliseconds + time.offset))
    }
}
