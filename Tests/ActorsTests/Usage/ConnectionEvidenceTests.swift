import Actors
import Testing

@Suite("Evidence of connections")
struct ConnectionEvidenceTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func facts(
        _ status: UsageStatus, http: UInt16? = 200, code: String? = nil,
        source: UsageSource = .observed
    ) -> UsageFacts {
        var facts = UsageSamples.facts(source: source, status: status, at: now)
        facts.httpStatus = http
        facts.errorCode = code
        return facts
    }

    private func after(_ all: UsageFacts...) -> ConnectionEvidence {
        var evidence = ConnectionEvidence()
        for facts in all { evidence.learn(facts, endedAt: now) }
        return evidence
    }

    @Test("nothing is known at first, and reports change nothing")
    func unproven() {
        #expect(!ConnectionEvidence().isConnected(at: now))
        #expect(after(facts(.ok, source: .reported)).standing == .unproven)
        for status in [UsageStatus.refused, .interrupted, .pending] {
            #expect(after(facts(status, http: nil)).standing == .unproven, "\(status)")
        }
    }

    @Test(
        "answers that show that network and credentials work",
        arguments: [
            (UsageStatus.ok, 200, nil), (.error, 400, "rejected"), (.error, 404, "not_found"),
            (.error, 422, "rejected"), (.error, 403, "plan_restricted"),
            (.error, 429, UsageErrorCode.rateLimited), (.error, 402, UsageErrorCode.quotaExhausted),
            (.abortedUpstream, 200, "stream_truncated"), (.abortedClient, 200, nil),
        ] as [(UsageStatus, UInt16, String?)])
    func works(status: UsageStatus, http: UInt16, code: String?) {
        let evidence = after(facts(status, http: http, code: code))
        #expect(evidence.isConnected(at: now))
        #expect(evidence.claim?.httpStatus == http && evidence.claim?.kind == .traffic)
    }

    @Test("one definite refusal of the credentials ends it at once, one success restores it")
    func authFailure() {
        let refusal = facts(.error, http: 401, code: UsageErrorCode.authFailed)
        let evidence = after(facts(.ok), refusal)
        #expect(evidence.standing == .authFailed && !evidence.isConnected(at: now))
        #expect(evidence.claim?.httpStatus == 401)
        #expect(after(facts(.ok), refusal, facts(.ok)).isConnected(at: now))
        // A callback is no answer to the credentials that were refused.
        var called = evidence
        called.learnCallback(at: now, trace: TraceID(high: 1, low: 1))
        #expect(called.standing == .authFailed)
    }

    @Test(
        "five failures in a row end it, fewer do not, one success restores it",
        arguments: [
            (UsageStatus.error, 503 as UInt16?, UsageErrorCode.providerDown),
            (.error, nil, UsageErrorCode.unreachable), (.timeout, nil, "upstream_timeout"),
        ])
    func failures(status: UsageStatus, http: UInt16?, code: String) {
        var evidence = after(facts(.ok))
        for count in 1...5 {
            evidence.learn(facts(status, http: http, code: code), endedAt: now)
            #expect(evidence.isConnected(at: now) == (count < 5), "after \(count)")
        }
        #expect(evidence.standing == (http == nil ? .unreachable : .providerDown))
        evidence.learn(facts(.ok), endedAt: now)
        #expect(evidence.isConnected(at: now) && evidence.failuresInARow == 0)
        // Failures that a success interrupts do not add up.
        for _ in 0..<8 {
            evidence.learn(facts(status, http: http, code: code), endedAt: now)
            evidence.learn(facts(.ok), endedAt: now)
        }
        #expect(evidence.isConnected(at: now))
    }

    @Test("a client that leaves before an answer shows nothing")
    func abort() { #expect(after(facts(.abortedClient, http: nil)).standing == .unproven) }

    @Test("limits are shown while they last")
    func limits() {
        let limited = facts(.error, http: 429, code: UsageErrorCode.rateLimited)
        let exhausted = facts(.error, http: 429, code: UsageErrorCode.quotaExhausted)
        #expect(after(limited).limit == .rateLimited)
        #expect(after(exhausted).limit == .quotaExhausted)
        #expect(after(exhausted, facts(.ok)).limit == .none)
    }

    @Test("evidence expires after a day")
    func expiry() {
        let evidence = after(facts(.ok))
        #expect(evidence.isConnected(at: now.advanced(bySeconds: 86_399)))
        #expect(!evidence.isConnected(at: now.advanced(bySeconds: 86_400)))
    }

    @Test("a probe that agrees does not take the place of fresh traffic")
    func precedence() {
        var evidence = after(facts(.ok))
        let probe = facts(.ok, source: .probe)
        evidence.learn(probe, endedAt: now.advanced(bySeconds: 60))
        #expect(evidence.claim?.kind == .traffic)
        evidence.learn(probe, endedAt: now.advanced(bySeconds: 901))
        #expect(evidence.claim?.kind == .probe)
        evidence.learn(
            facts(.error, http: 401, code: UsageErrorCode.authFailed, source: .probe),
            endedAt: now.advanced(bySeconds: 902))
        #expect(evidence.standing == .authFailed && evidence.claim?.kind == .probe)
    }
}
