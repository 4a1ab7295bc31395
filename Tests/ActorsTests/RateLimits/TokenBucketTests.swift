import TestSupport
import Testing

@testable import Actors

@Suite struct TokenBucketTests {
    private let perMinute = RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 30)

    @Test("a burst is admitted at once, then one request each second")
    func burst() {
        var bucket = TokenBucket.full(at: 0)
        for used in 1...30 {
            let decision = bucket.take(perMinute, at: 0)
            #expect(decision.isAllowed && decision.remaining == 30 - used)
            #expect(decision.limit == 60 && decision.resetSeconds == used)
            #expect(decision.retryAfterSeconds == 0 && decision.policy == perMinute)
        }
        let refused = bucket.take(perMinute, at: 0)
        #expect(!refused.isAllowed && refused.remaining == 0)
        #expect(refused.retryAfterSeconds == 1 && refused.resetSeconds == 30)
        #expect(!bucket.take(perMinute, at: 999).isAllowed)
        #expect(bucket.take(perMinute, at: 1000).isAllowed)
        #expect(!bucket.take(perMinute, at: 1000).isAllowed)
    }

    @Test("refused requests cost nothing")
    func refusedIsFree() {
        var bucket = TokenBucket.full(at: 0)
        for _ in 0..<10_000 { _ = bucket.take(perMinute, at: 0) }
        #expect(bucket.take(perMinute, at: 1000).isAllowed)
    }

    @Test("a look takes nothing and says what a take would")
    func peek() {
        var bucket = TokenBucket.full(at: 0)
        #expect(bucket.peek(perMinute, at: 0).remaining == 30)
        #expect(bucket.peek(perMinute, at: 0).remaining == 30)
        for _ in 0..<30 { _ = bucket.take(perMinute, at: 0) }
        #expect(bucket.peek(perMinute, at: 0) == bucket.take(perMinute, at: 0))
        #expect(bucket.peek(perMinute, at: 1000).isAllowed)
    }

    private static let policies = [
        RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 30),
        RateLimitPolicy(quota: 7, windowSeconds: 3, burst: 1),
        RateLimitPolicy(quota: 1, windowSeconds: 3600, burst: 5),
        RateLimitPolicy(quota: 1000, windowSeconds: 1, burst: 20),
        RateLimitPolicy(quota: 3, windowSeconds: 86_400, burst: 2),
        RateLimitPolicy(quota: 1_000_000, windowSeconds: 1, burst: 1_000_000),
        RateLimitPolicy(quota: 1, windowSeconds: 2_678_400, burst: 1_000_000),
    ]

    @Test("never more than the burst and the rate times the time", arguments: policies, 0..<4)
    func upperBound(policy: RateLimitPolicy, seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let meanGap = max(1, policy.windowSeconds * 1000 / policy.quota)
        var bucket = TokenBucket.full(at: 0)
        var now: Int64 = 0
        var admitted: [Int64] = []
        for _ in 0..<400 {
            now += Int64(random.below(meanGap + 1)) * Int64(random.below(2))
            // Some requests come late.
            let moment = now - Int64(random.below(3) * random.below(50))
            if bucket.take(policy, at: moment).isAllowed { admitted.append(now) }
        }
        for first in admitted.indices {
            for last in first..<admitted.count {
                let earned = Int128(admitted[last] - admitted[first]) * Int128(policy.quota)
                let count = Int128(last - first + 1)
                // count ≤ burst + elapsed × rate, multiplied out; a late request may see up to
                // 100 ms that a sorted one would have seen before.
                let slack = Int128(100 * policy.quota)
                let unit = Int128(policy.windowSeconds) * 1000
                #expect(count * unit <= Int128(policy.burst) * unit + earned + slack)
            }
        }
    }

    @Test(
        "a caller that waits as it is told is admitted, and not a second sooner",
        arguments: policies)
    func retryAfter(policy: RateLimitPolicy) {
        var bucket = TokenBucket.full(at: 0)
        var now: Int64 = 0
        for _ in 0..<policy.burst { _ = bucket.take(policy, at: now) }
        for _ in 0..<50 {
            let decision = bucket.peek(policy, at: now)
            guard !decision.isAllowed else {
                _ = bucket.take(policy, at: now)
                continue
            }
            let wait = Int64(decision.retryAfterSeconds) * 1000
            #expect(wait > 0 && decision.resetSeconds >= decision.retryAfterSeconds)
            #expect(!bucket.peek(policy, at: now + wait - 1000).isAllowed)
            #expect(bucket.peek(policy, at: now + wait).isAllowed)
            now += wait
        }
        let full = bucket.peek(
            policy, at: now + Int64(bucket.peek(policy, at: now).resetSeconds) * 1000)
        #expect(full.remaining == policy.burst && full.resetSeconds == 0)
    }

    /// With a burst of one there is no room to keep the part of a millisecond that a request is
    /// late.
    @Test(
        "a steady caller at exactly the rate is always admitted",
        arguments: policies.filter { $0.burst > 1 })
    func steady(policy: RateLimitPolicy) {
        var bucket = TokenBucket.full(at: 0)
        for _ in 0..<policy.burst { _ = bucket.take(policy, at: 0) }
        for request in Int64(1)...500 {
            let due =
                (request * Int64(policy.windowSeconds) * 1000 + Int64(policy.quota) - 1)
                / Int64(policy.quota)
            #expect(bucket.take(policy, at: due).isAllowed)
        }
    }

    @Test("no absence overflows", arguments: policies)
    func longAbsence(policy: RateLimitPolicy) {
        var bucket = TokenBucket.full(at: 0)
        _ = bucket.take(policy, at: 0)
        #expect(bucket.peek(policy, at: .max).remaining == policy.burst)
        #expect(bucket.take(policy, at: .max).isAllowed)
    }

    @Test(
        "a saved bucket never comes back with more, and loses less than a thousandth of a token",
        arguments: policies)
    func thousandths(policy: RateLimitPolicy) {
        var bucket = TokenBucket.full(at: 0)
        for now in Int64(0)..<40 {
            _ = bucket.take(policy, at: now * 7)
            let saved = bucket.missingThousandths(policy)
            let restored = TokenBucket(
                missingThousandths: saved, policy, updatedAt: bucket.updatedAt)
            #expect(restored.missing >= bucket.missing)
            #expect(restored.missing - bucket.missing <= Int64(policy.windowSeconds))
        }
    }
}

@Suite struct SteadyTimeTests {
    @Test("it follows a clock that goes forward")
    func forward() {
        var time = SteadyTime()
        #expect(
            [5, 5, 9, 1000].map { time.advance(to: Timestamp(milliseconds: $0)) } == [
                5, 5, 9, 1000,
            ])
        #expect(time.offset == 0)
    }

    @Test("requests out of order give no time")
    func disorder() {
        var time = SteadyTime()
        let moments: [Int64] = [1000, 1010, 1005, 1010, 1004, 1010, 1011]
        let steady = moments.map { time.advance(to: Timestamp(milliseconds: $0)) }
        #expect(steady == [1000, 1010, 1010, 1010, 1010, 1010, 1011])
    }

    @Test("when the clock is set back, time goes on from where it was")
    func setBack() {
        var time = SteadyTime()
        #expect(time.advance(to: Timestamp(seconds: 10_000)) == 10_000_000)
        #expect(time.advance(to: Timestamp(seconds: 6400)) == 10_000_000)
        #expect(time.advance(to: Timestamp(seconds: 6401)) == 10_001_000)
        #expect(time.offset == 3_600_000)
    }
}
