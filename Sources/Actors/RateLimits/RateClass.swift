/// What a limit is for. The raw value is the class's name in the configuration and in the headers.
package enum RateClass: String, CaseIterable, Sendable {
    /// Login, second factor and step-up, per source.
    case signIn = "sign_in"
    /// New accounts, per source.
    case registration
    /// The console's test message, per user and per installation.
    case smsTest = "sms_test"
    /// Messages by callers, per token and per number.
    case sms
    case reads
    case ingest
    /// Calls to providers through the gateway.
    case calls
    /// Probes of providers that an admin asks for.
    case probe
}

/// How many requests a class admits: `quota` in each window in the long run, `burst` at once.
package struct RateLimitPolicy: Hashable, Sendable {
    package let quota: Int
    package let windowSeconds: Int
    /// What a source that has been idle may do at once.
    package let burst: Int

    /// Values outside `quotaRange`, `windowSecondsRange` and `burstRange` are a programmer's error:
    /// whoever reads them from outside checks them first.
    package init(quota: Int, windowSeconds: Int, burst: Int) {
        precondition(RateLimitPolicy.quotaRange.contains(quota))
        precondition(RateLimitPolicy.windowSecondsRange.contains(windowSeconds))
        precondition(RateLimitPolicy.burstRange.contains(burst))
        self.quota = quota
        self.windowSeconds = windowSeconds
        self.burst = burst
    }

    /// A million requests in the shortest window are more than the server can answer. Together the
    /// ranges keep a bucket's exact integer arithmetic far from overflow.
    package static let quotaRange = 1...1_000_000
    package static let burstRange = 1...1_000_000
    /// Up to 31 days.
    package static let windowSecondsRange = 1...2_678_400
}

/// The answer to one request, with all that the `RateLimit`, `RateLimit-Policy`, `X-RateLimit-*`
/// and `Retry-After` headers say.
package struct RateLimitDecision: Equatable, Sendable {
    package let isAllowed: Bool
    /// The quota of the policy.
    package let limit: Int
    /// How many more would be admitted right now.
    package let remaining: Int
    /// Whole seconds, rounded up, until the full burst is available again.
    package let resetSeconds: Int
    /// Whole seconds, rounded up, until one request is admitted; 0 when one is admitted now.
    package let retryAfterSeconds: Int
    package let policy: RateLimitPolicy
}
