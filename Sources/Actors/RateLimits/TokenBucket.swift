/// A token bucket in exact integers: it holds `burst` tokens when full and gains `quota` tokens in
/// each window, evenly.
///
/// It counts what is missing, not what is there, in units of which one token has as many as the
/// window has milliseconds; so each millisecond gives back exactly `quota` units, and no number of
/// roundings can give a token away. A full bucket is one with nothing missing, which is why a
/// bucket that nobody has used needs no memory.
struct TokenBucket: Equatable, Sendable {
    /// Units spent and not yet given back, as of `updatedAt`.
    private(set) var missing: Int64
    /// Milliseconds of the limiter's steady time.
    private(set) var updatedAt: Int64

    static func full(at now: Int64) -> TokenBucket { TokenBucket(missing: 0, updatedAt: now) }

    private init(missing: Int64, updatedAt: Int64) {
        self.missing = missing
        self.updatedAt = updatedAt
    }

    /// Takes one token, if there is one. A refused request costs nothing.
    mutating func take(_ policy: RateLimitPolicy, at now: Int64) -> RateLimitDecision {
        refill(policy, at: now)
        let isAllowed = missing + policy.unitsPerToken <= policy.unitsMax
        if isAllowed { missing += policy.unitsPerToken }
        return decision(policy, isAllowed: isAllowed)
    }

    /// What `take` would answer, with nothing taken.
    func peek(_ policy: RateLimitPolicy, at now: Int64) -> RateLimitDecision {
        var copy = self
        copy.refill(policy, at: now)
        return copy.decision(
            policy, isAllowed: copy.missing + policy.unitsPerToken <= policy.unitsMax)
    }

    /// When the bucket will be full if nobody uses it: from then on it equals no bucket.
    func fullAt(_ policy: RateLimitPolicy) -> Int64 {
        updatedAt + TokenBucket.divideUp(missing, Int64(policy.quota))
    }

    /// A moment before the last one gives nothing and takes nothing.
    private mutating func refill(_ policy: RateLimitPolicy, at now: Int64) {
        guard now > updatedAt else { return }
        // Compared before it is multiplied, so that a long absence cannot overflow.
        let isFull = now >= fullAt(policy)
        missing = isFull ? 0 : missing - (now - updatedAt) * Int64(policy.quota)
        updatedAt = now
    }

    private func decision(_ policy: RateLimitPolicy, isAllowed: Bool) -> RateLimitDecision {
        let quota = Int64(policy.quota)
        let lacking = max(0, missing + policy.unitsPerToken - policy.unitsMax)
        return RateLimitDecision(
            isAllowed: isAllowed, limit: policy.quota,
            remaining: Int((policy.unitsMax - missing) / policy.unitsPerToken),
            resetSeconds: Int(TokenBucket.divideUp(TokenBucket.divideUp(missing, quota), 1000)),
            retryAfterSeconds: isAllowed
                ? 0 : Int(TokenBucket.divideUp(TokenBucket.divideUp(lacking, quota), 1000)),
            policy: policy)
    }

    private static func divideUp(_ value: Int64, _ divisor: Int64) -> Int64 {
        (value + divisor - 1) / divisor
    }
}

extension TokenBucket {
    /// Thousandths of a token that are missing, rounded up: what a snapshot keeps, because a policy
    /// may have changed by the time it is read.
    func missingThousandths(_ policy: RateLimitPolicy) -> UInt64 {
        // In 128 bits, for a full day's window times a thousand does not fit 64.
        let thousandths =
            (Int128(missing) * 1000 + Int128(policy.unitsPerToken) - 1)
            / Int128(policy.unitsPerToken)
        return UInt64(thousandths)
    }

    /// A bucket as it was at an earlier moment. More missing than the burst holds means empty.
    init(missingThousandths: UInt64, _ policy: RateLimitPolicy, updatedAt: Int64) {
        let units = Int128(missingThousandths) * Int128(policy.unitsPerToken) / 1000
        self.init(missing: Int64(min(units, Int128(policy.unitsMax))), updatedAt: updatedAt)
    }
}

extension RateLimitPolicy {
    fileprivate var unitsPerToken: Int64 { Int64(windowSeconds) * 1000 }
    /// At most 10^6 × 2.7 · 10^9, far below 2^63.
    fileprivate var unitsMax: Int64 { Int64(burst) * unitsPerToken }
}
