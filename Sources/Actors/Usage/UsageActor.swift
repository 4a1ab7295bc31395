package import Persistence

/// Owns the use of all integrations, in shard 0: one actor, so that a batch over several
/// integrations is judged and appended in one turn.
package actor UsageActor {
    package static let shard = ShardID(0)

    private let log: any EventLog
    private var state: UsageState

    package init(recovered: UsageState, log: any EventLog) {
        state = recovered
        self.log = log
    }

    /// Judges the reports and makes the accepted ones durable.
    ///
    /// - Throws: `AppendError` when the log takes no more; what this call had appended before
    ///   stays, and is a duplicate when the caller comes again.
    package func ingest(
        _ reports: [UsageReport], at now: Timestamp
    ) async throws(AppendError) -> IngestResult {
        let (records, outcomes) = state.decide(reports, at: now)
        var rest = records[...]
        while !rest.isEmpty { try append(from: &rest) }
        // A duplicate's answer says that the event is safe, so it waits for the first one's record.
        await settled()
        return IngestResult(
            outcomes: outcomes, dedupWindowSeconds: state.shortenedWindowSeconds(at: now))
    }

    /// Appends as many records as one frame of the log takes.
    private func append(from rest: inout ArraySlice<UsageRecord>) throws(AppendError) {
        var batch = RecordBatch(capacity: min(rest.count * 256, log.appendBytesMax))
        var count = 0
        for record in rest {
            guard batch.bytes.count + Self.recordBytesMax <= log.appendBytesMax else { break }
            batch.add(record)
            count += 1
        }
        let last = try log.append(batch, to: Self.shard, expecting: nil)
        var row = last.record - UInt64(count)
        for record in rest.prefix(count) {
            row += 1
            state.apply(record, row: row)
        }
        rest = rest.dropFirst(count)
    }

    /// No record is longer: names of 256 bytes and characters, and sixteen units.
    private static let recordBytesMax = 8192

    /// A page of an integration's events, newest first, once all of them are durable.
    package func events(
        of integration: IntegrationID, before row: UInt64?, limit: Int
    ) async -> (events: [UsageEvent], next: UInt64?) {
        let page = state.events(of: integration, before: row, limit: limit)
        if let newest = page.events.first { await durable(through: newest.row) }
        return page
    }

    package func counts(at now: Timestamp) async -> [IntegrationID: UsageCounts] {
        let counts = state.counts(at: now)
        await settled()
        return counts
    }

    /// All records ever of each integration, and up to which record of the log.
    package func totals() async -> (record: UInt64, totals: [IntegrationID: UInt64]) {
        let totals = (state.appliedRecord, state.totals)
        await settled()
        return totals
    }

    package func snapshotParts() -> [SnapshotPart] { state.snapshotParts(shard: Self.shard) }

    private func settled() async { await durable(through: state.appliedRecord) }

    private func durable(through record: UInt64) async {
        let position = LogPosition(shard: Self.shard, record: record)
        if !log.isDurable(position) { await log.durable(through: position) }
    }
}
