import Actors
import Persistence
import TestSupport

/// Uses integrations and reports about it, at random.
struct UsageCaller {
    private let random: SeededRandom

    init(_ random: SeededRandom) { self.random = random }

    private static let integrations = [IntegrationID("openai"), IntegrationID("twilio")]
    /// Few, so that reports come twice, with the same content or with another one.
    private static let reportKeys = 24
    /// The smallest that there may be; no seed fills it.
    private static let ringEvents = UsageRing.capacityMin
    /// So few that the oldest have to go.
    private static let dedupKeysMax = 8

    static func emptyState() -> UsageState {
        UsageState(
            integrations: integrations, ringEvents: ringEvents, dedupKeysMax: dedupKeysMax)
    }

    /// One command, as the facts that the rules make of it.
    func command(on state: UsageState, at now: Timestamp) -> [UsageRecord] {
        switch random.below(8) {
        case ..<3:
            let reports = (0...random.below(3)).map { _ in report(at: now) }
            return state.decide(reports, at: now).records
        case 3:
            return [.attempt(facts(.pending, .observed, at: now))]
        case 4, 5:
            return ending(of: state.interruptions(at: now), at: now)
        case 6:
            let status: UsageStatus = random.below(3) == 0 ? .timeout : .ok
            let source: UsageSource = random.below(2) == 0 ? .probe : .observed
            return [UsageRecord(facts: facts(status, source, at: now), report: nil, arrivedAt: now)]
        default:
            let fingerprint = CredentialFingerprint(value: UInt64(random.below(3)))
            return random.below(2) == 0
                ? [.credentialsChanged(integration, fingerprint)]
                : [.callback(integration, at: now, trace: TraceID(random: random))]
        }
    }

    private var integration: IntegrationID { Self.integrations[random.below(2)] }

    private func report(at now: Timestamp) -> UsageReport {
        let key = UInt64(random.below(Self.reportKeys))
        let age = Int64(random.below(5)) * UsageState.lateSecondsMax / 4
        let statuses: [UsageStatus] = [.ok, .error, .abortedClient]
        return UsageReport(
            facts: facts(
                statuses[random.below(3)], .reported, at: now.advanced(bySeconds: -age)),
            key: ReportKey(high: key, low: key), content: UInt64(random.below(2)))
    }

    private func facts(
        _ status: UsageStatus, _ source: UsageSource, at time: Timestamp
    ) -> UsageFacts {
        UsageFacts(
            integration: integration, operation: "POST /v1/responses", source: source,
            status: status, at: time, httpStatus: status == .ok ? 200 : nil,
            errorCode: status == .error ? UsageErrorCode.providerDown : nil,
            latencyMilliseconds: UInt32(random.below(3000)),
            units: [UsageUnit(name: "input_tokens", amount: Int64(random.below(4096)))],
            trace: TraceID(random: random), reporter: source == .reported ? "billing" : nil)
    }

    /// Ends one of the calls that are under way.
    private func ending(of calls: [UsageRecord], at now: Timestamp) -> [UsageRecord] {
        guard !calls.isEmpty, case .outcome(let row, _) = calls[random.below(calls.count)] else {
            return []
        }
        var ending = UsageEnding(random.below(3) == 0 ? .interrupted : .ok, endedAt: now)
        ending.httpStatus = ending.status == .ok ? 200 : nil
        ending.latencyMilliseconds = UInt32(random.below(3000))
        return [.outcome(row: row, ending)]
    }
}
