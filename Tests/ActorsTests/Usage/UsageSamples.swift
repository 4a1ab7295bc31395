import Actors
import Persistence
import TestSupport

/// Events and reports for the tests of usage.
enum UsageSamples {
    static let now = Timestamp(milliseconds: 1_795_500_000_250)
    static let dayMilliseconds: Int64 = 86_400_000
    static let openai = IntegrationID("openai")
    static let twilio = IntegrationID("twilio")
    static let integrations = [openai, twilio]

    static func facts(
        _ integration: IntegrationID = openai, source: UsageSource = .reported,
        status: UsageStatus = .ok, at: Timestamp = now
    ) -> UsageFacts {
        UsageFacts(
            integration: integration, operation: "POST /v1/responses", source: source,
            status: status, at: at, latencyMilliseconds: 120, trace: TraceID(high: 1, low: 2),
            reporter: "billing-job", eventID: "evt-1")
    }

    /// A report whose key is this number.
    static func report(
        _ key: UInt64, content: UInt64 = 1, integration: IntegrationID = openai,
        status: UsageStatus = .ok, at: Timestamp = now
    ) -> UsageReport {
        UsageReport(
            facts: facts(integration, status: status, at: at),
            key: ReportKey(high: key &* 0x9e37_79b9_7f4a_7c15, low: key), content: content)
    }

    static func state(keysMax: Int = 100_000, ringEvents: Int = 1000) -> UsageState {
        UsageState(
            integrations: integrations, ringEvents: ringEvents, dedupKeysMax: keysMax)
    }

    /// Decides and applies as the actor does, without a log.
    @discardableResult
    static func ingest(
        _ reports: [UsageReport], into state: inout UsageState, at now: Timestamp
    ) -> [ReportOutcome] {
        let (records, outcomes) = state.decide(reports, at: now)
        for record in records { state.apply(record, row: state.appliedRecord + 1) }
        return outcomes
    }

    /// The state that the durable records of the log make, from a state that has some of them.
    static func replay(_ log: MemoryLog, into state: inout UsageState) throws {
        try log.read(from: [:]) { section in
            var reader = section.reader
            var record = section.firstRecord
            while !reader.isAtEnd {
                try state.replay(try RecordBatch.next(from: &reader), record: record)
                record += 1
            }
        }
    }

    /// A state made from the parts of a snapshot.
    static func restored(
        from parts: [SnapshotPart], keysMax: Int = 100_000, ringEvents: Int = 1000
    ) throws -> UsageState {
        var state = state(keysMax: keysMax, ringEvents: ringEvents)
        for part in parts {
            while let chunk = part.nextChunk() {
                try state.restore(chunk: chunk, appliedRecord: part.appliedRecord)
            }
        }
        return state
    }
}
