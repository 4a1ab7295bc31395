package import Actors
package import HTTPTypes

extension RateClass {
    /// What guards accounts is counted per source, before anything about the caller is looked at:
    /// whoever tries passwords has no account of their own to count by.
    package var countsBeforeAuthentication: Bool {
        switch self {
        case .signIn, .registration: true
        case .smsTest, .sms, .reads, .ingest, .calls, .probe: false
        }
    }

    package func key(caller: Caller, source: SourceAddress) -> RateKey {
        guard !countsBeforeAuthentication else { return .source(source.bucket) }
        return switch caller {
        case .anonymous: .source(source.bucket)
        case .session(let principal): .user(principal.user.id)
        case .token(let principal): .token(principal.id)
        }
    }
}

/// What a limiter said about one request, as it goes into the answer's headers.
package struct RateLimitNotice: Sendable {
    package let rateClass: RateClass
    package let decision: RateLimitDecision

    package init(_ rateClass: RateClass, _ decision: RateLimitDecision) {
        self.rateClass = rateClass
        self.decision = decision
    }

    /// `RateLimit` and `RateLimit-Policy` as structured-field lists (draft-ietf-httpapi-
    /// ratelimit-headers-11), and the older triple that most clients read, its reset as seconds
    /// since the epoch.
    package func write(to headers: inout HTTPFields, at now: Timestamp) {
        let name = rateClass.rawValue
        let policy = decision.policy
        headers[.rateLimitPolicy] = "\"\(name)\";q=\(policy.quota);w=\(policy.windowSeconds)"
        headers[.rateLimit] = "\"\(name)\";r=\(decision.remaining);t=\(decision.resetSeconds)"
        headers[.xRateLimitLimit] = String(decision.limit)
        headers[.xRateLimitRemaining] = String(decision.remaining)
        headers[.xRateLimitReset] = String(now.seconds + Int64(decision.resetSeconds))
    }
}
