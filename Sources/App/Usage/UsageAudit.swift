import Actors
import Persistence

/// Counts all events on the disk again, on a thread of its own, and compares with what is told.
struct UsageAudit: Sendable {
    let usage: UsageActor
    let log: any EventLog
    let integrations: [IntegrationID]

    struct Finding: Sendable {
        /// The record of the log up to which both were counted.
        let record: UInt64
        let totals: [IntegrationID: UInt64]
        let differences: [UsageSelfCheck.Difference]
    }

    /// Only totals are compared, so the state that is filled needs room for few rows and keys.
    private static let dedupKeysMax = 1000

    func run() async throws -> Finding {
        let (record, totals) = await usage.totals()
        let fresh = UsageState(
            integrations: integrations, ringEvents: UsageRing.capacityMin,
            dedupKeysMax: Self.dedupKeysMax)
        let differences = try await BackgroundThread.run { [log] in
            try UsageSelfCheck.differences(live: totals, upTo: record, fresh: fresh, log: log)
        }
        return Finding(record: record, totals: totals, differences: differences)
    }
}
