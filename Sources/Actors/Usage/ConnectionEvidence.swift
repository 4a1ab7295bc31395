/// What is known about whether an integration works, and why: a claim with evidence, made from the
/// records of the log and nothing else, so that a restart forgets nothing.
///
/// Only calls that we made ourselves are evidence: what callers report, they saw with keys of their
/// own. Pure; times come in.
package struct ConnectionEvidence: Hashable, Sendable {
    package enum Kind: UInt8, CaseIterable, Sendable {
        case traffic = 1
        case probe = 2
        /// The provider called us, with a signature.
        case callback = 3
    }

    package struct Claim: Hashable, Sendable {
        package let kind: Kind
        package let at: Timestamp
        package let trace: TraceID
        /// Nil when nothing came back.
        package let httpStatus: UInt16?
    }

    package enum Standing: UInt8, CaseIterable, Sendable {
        /// Nothing has been seen.
        case unproven = 1
        case works = 2
        /// The provider refused the credentials themselves.
        case authFailed = 3
        /// No connection, or no answer in time.
        case unreachable = 4
        /// It answers that it is broken.
        case providerDown = 5
    }

    /// What the newest answer said beside that everything works.
    package enum Limit: UInt8, CaseIterable, Sendable {
        case none = 0
        case rateLimited = 1
        case quotaExhausted = 2
    }

    package private(set) var standing = Standing.unproven
    /// The evidence behind the standing.
    package private(set) var claim: Claim?
    package private(set) var limit = Limit.none
    /// Failures since the last success that show the network or the provider at fault.
    package private(set) var failuresInARow: UInt32 = 0
    /// The error code of the newest failed event, until a success comes: what a fix is looked up
    /// by.
    package private(set) var lastErrorCode: String?

    /// One bad answer is an accident; so many in a row end a connection.
    package static let failuresInARowMax: UInt32 = 5
    /// Evidence that is older proves nothing any more.
    package static let validSeconds: Int64 = 86_400
    /// While traffic is so fresh, a probe that agrees with it does not replace it as evidence.
    package static let trafficOutranksSeconds: Int64 = 900

    package init() {}

    package init(
        standing: Standing, claim: Claim?, limit: Limit, failuresInARow: UInt32,
        lastErrorCode: String?
    ) {
        self.standing = standing
        self.claim = claim
        self.limit = limit
        self.failuresInARow = failuresInARow
        self.lastErrorCode = lastErrorCode
    }

    /// Whether there is fresh evidence that it works.
    package func isConnected(at now: Timestamp) -> Bool {
        standing == .works && isFresh(at: now)
    }

    package func isFresh(at now: Timestamp) -> Bool {
        guard let claim else { return false }
        return now < claim.at.advanced(bySeconds: Self.validSeconds)
    }

    // MARK: Learning

    /// Takes a finished event of ours into account.
    package mutating func learn(_ facts: UsageFacts, endedAt: Timestamp) {
        guard let finding = Finding(facts) else { return }
        let kind = facts.source == .probe ? Kind.probe : .traffic
        let claim = Claim(
            kind: kind, at: endedAt, trace: facts.trace, httpStatus: facts.httpStatus)
        if facts.status == .ok {
            lastErrorCode = nil
        } else if kind == .traffic || finding != .works(.none) {
            lastErrorCode = facts.errorCode
        }
        switch finding {
        case .works(let limit):
            self.limit = limit
            failuresInARow = 0
            settle(.works, claim)
        case .authFailed:
            limit = .none
            settle(.authFailed, claim)
        case .unreachable:
            fail(.unreachable, claim)
        case .providerDown:
            fail(.providerDown, claim)
        }
    }

    package mutating func learnCallback(at time: Timestamp, trace: TraceID) {
        // It shows that the provider's side works; credentials that it refused stay refused.
        guard standing != .authFailed else { return }
        failuresInARow = 0
        settle(.works, Claim(kind: .callback, at: time, trace: trace, httpStatus: nil))
    }

    private mutating func fail(_ standing: Standing, _ claim: Claim) {
        failuresInARow += 1
        switch self.standing {
        case .works where failuresInARow < Self.failuresInARowMax: return
        case .authFailed: return
        case .works, .unproven, .unreachable, .providerDown: settle(standing, claim)
        }
    }

    private mutating func settle(_ standing: Standing, _ claim: Claim) {
        let isAgreed = self.standing == standing
        self.standing = standing
        if isAgreed, claim.kind != .traffic, let known = self.claim, known.kind == .traffic,
            claim.at < known.at.advanced(bySeconds: Self.trafficOutranksSeconds)
        {
            return
        }
        self.claim = claim
    }
}

extension ConnectionEvidence {
    /// What one event shows.
    private enum Finding: Equatable {
        /// The network and the credentials work, whatever else the provider had to say.
        case works(Limit)
        case authFailed
        case unreachable
        case providerDown

        /// Nil for what shows nothing: reports, what never left, what nobody knows the end of.
        init?(_ facts: UsageFacts) {
            guard facts.source != .reported else { return nil }
            switch facts.status {
            case .pending, .refused, .interrupted: return nil
            case .ok, .error, .timeout, .abortedClient, .abortedUpstream, .ambiguous: break
            }
            if facts.errorCode == UsageErrorCode.authFailed {
                self = .authFailed
            } else if let status = facts.httpStatus {
                switch (status, facts.errorCode) {
                case (_, UsageErrorCode.quotaExhausted): self = .works(.quotaExhausted)
                case (429, _), (_, UsageErrorCode.rateLimited): self = .works(.rateLimited)
                case (500..., _), (_, UsageErrorCode.providerDown): self = .providerDown
                default: self = .works(.none)
                }
            } else if facts.status == .abortedClient {
                return nil
            } else {
                self = .unreachable
            }
        }
    }
}

/// The error codes of events that decide about a connection. Catalogues may have any others.
package enum UsageErrorCode {
    package static let authFailed = "auth_failed"
    package static let rateLimited = "rate_limited"
    package static let quotaExhausted = "quota_exhausted"
    package static let providerDown = "provider_down"
    package static let unreachable = "upstream_unreachable"
}
