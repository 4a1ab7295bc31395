package import Persistence

/// Owns the use of all integrations, in shard 0: one actor, so that a batch over several
/// integrations is judged and appended in one turn.
package actor UsageActor {
    package static let shard = ShardID(0)

    private let log: any EventLog
    private let journal: CallJournal
    private var state: UsageState

    /// - Parameter journal: what event loops write their calls into; nil where there are none.
    package init(recovered: UsageState, log: any EventLog, journal: CallJournal? = nil) {
        state = recovered
        self.log = log
        self.journal = journal ?? CallJournal(log: log)
    }

    // MARK: Taking over and giving up

    package func adopt(_ recovered: UsageState) { state = recovered }

    /// Gives up the state with everything that event loops have appended, all of which has to be
    /// durable. Nothing is known from then on.
    package func surrender() -> UsageState {
        absorb()
        defer { state = state.emptied() }
        return state
    }

    // MARK: The turn

    /// Applies what event loops have appended since the last turn. Every turn begins with it, so
    /// that a call that was answered is counted in the next request.
    package func absorb() { journal.take { state.apply($0, row: $1) } }

    /// Judges the reports and makes the accepted ones durable.
    ///
    /// - Throws: `AppendError` when the log takes no more; what this call had appended before
    ///   stays, and is a duplicate when the caller comes again.
    package func ingest(
        _ reports: [UsageReport], at now: Timestamp
    ) async throws(AppendError) -> IngestResult {
        let (result, position) = try accept(reports, at: now)
        if !log.isDurable(position) { await log.durable(through: position) }
        return result
    }

    /// The same for callers that wait for the disk in a way of their own.
    ///
    /// - Returns: also the position that has to be durable before anybody is told. A duplicate's
    ///   answer says that the event is safe, so it waits for the first one's record.
    package func accept(
        _ reports: [UsageReport], at now: Timestamp
    ) throws(AppendError) -> (result: IngestResult, position: LogPosition) {
        absorb()
        let (records, outcomes) = state.decide(reports, at: now)
        var rest = records[...]
        while !rest.isEmpty { try append(from: &rest) }
        let result = IngestResult(
            outcomes: outcomes, dedupWindowSeconds: state.shortenedWindowSeconds(at: now))
        return (result, LogPosition(shard: Self.shard, record: state.appliedRecord))
    }

    /// What a start has to say, before anybody is served: calls that the process before this one
    /// did not see the end of were interrupted, and evidence of other credentials is void.
    ///
    /// - Parameter fingerprints: of the credentials that are in force.
    package func begin(
        fingerprints: [IntegrationID: CredentialFingerprint], at now: Timestamp
    ) async throws(AppendError) {
        absorb()
        var records = state.interruptions(at: now)
        for (integration, fingerprint) in fingerprints.sorted(by: { $0.key < $1.key })
        where state.fingerprint(of: integration) != fingerprint {
            records.append(.credentialsChanged(integration, fingerprint))
        }
        try await record(records)
    }

    package func evidence() async -> [IntegrationID: ConnectionEvidence] {
        absorb()
        return state.integrations.mapValues(\.evidence)
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
        // In one step with taking what the journal has: rows are applied in the log's order.
        let last = try journal.append(batch) { state.apply($0, row: $1) }
        var row = last.record - UInt64(count)
        for record in rest.prefix(count) {
            row += 1
            state.apply(record, row: row)
        }
        rest = rest.dropFirst(count)
    }

    /// Makes facts durable that are no reports: what a start has to say of calls that were
    /// interrupted and of credentials that changed, and a provider's callback.
    package func record(_ records: [UsageRecord]) async throws(AppendError) {
        absorb()
        var rest = records[...]
        while !rest.isEmpty { try append(from: &rest) }
        await settled()
    }

    /// No record is longer: names of 256 bytes and characters, and sixteen units.
    private static let recordBytesMax = 8192

    /// A page of an integration's events, newest first, once all of them are durable.
    package func events(
        of integration: IntegrationID, before row: UInt64?, limit: Int
    ) async -> (events: [UsageEvent], next: UInt64?) {
        absorb()
        let page = state.events(of: integration, before: row, limit: limit)
        // Not the newest row's own record: the outcome of an older one may be newer.
        if !page.events.isEmpty { await settled() }
        return page
    }

    /// The events under this trace id, oldest first. The rings are looked through outside of the
    /// actor, whose turn is only as long as it takes to share them.
    package nonisolated func events(under trace: TraceID, limit: Int) async -> [UsageEvent] {
        let rings = await settledRings()
        let events = rings.flatMap { $0.events(under: trace) }
        return Array(events.sorted { $0.row < $1.row }.prefix(limit))
    }

    private func settledRings() async -> [UsageRing] {
        absorb()
        let rings = state.integrations.values.map(\.ring)
        await settled()
        return rings
    }

    package func counts(at now: Timestamp) async -> [IntegrationID: UsageCounts] {
        absorb()
        let counts = state.counts(at: now)
        await settled()
        return counts
    }

    /// The counts, and what is known about the connection, of each integration.
    package func standings(
        at now: Timestamp
    ) async -> [IntegrationID: (counts: UsageCounts, evidence: ConnectionEvidence)] {
        absorb()
        var standings: [IntegrationID: (counts: UsageCounts, evidence: ConnectionEvidence)] = [:]
        for (integration, counts) in state.counts(at: now) {
            standings[integration] = (counts, state.evidence(of: integration))
        }
        await settled()
        return standings
    }

    /// What happened in each of the last hours, oldest first.
    package func hours(
        of integration: IntegrationID, count: Int, at now: Timestamp
    ) async -> [UsageHour] {
        absorb()
        let hours = state.hours(of: integration, count: count, at: now)
        await settled()
        return hours
    }

    /// What happened with all integrations in each of the last minutes, oldest first.
    package func minutes(
        _ count: Int, at now: Timestamp
    ) async -> [(ok: UInt64, failed: UInt64)] {
        absorb()
        let minutes = state.minutes(count, at: now)
        await settled()
        return minutes
    }

    /// All rows ever of each integration, and up to which record of the log.
    package func totals() async -> (record: UInt64, totals: [IntegrationID: UInt64]) {
        absorb()
        let totals = (state.appliedRecord, state.totals)
        await settled()
        return totals
    }

    /// How full the memory of events is.
    package func fill() -> UsageFill {
        absorb()
        return UsageFill(
            rings: state.integrations.mapValues { ($0.ring.count, $0.ring.capacity) },
            dedupKeys: state.reports.count, dedupKeysMax: state.reports.keysMax,
            recorded: state.totals)
    }

    package func snapshotParts() -> [SnapshotPart] {
        absorb()
        return state.snapshotParts(shard: Self.shard)
    }

    private func settled() async { await durable(through: state.appliedRecord) }

    private func durable(through record: UInt64) async {
        let position = LogPosition(shard: Self.shard, record: record)
        if !log.isDurable(position) { await log.durable(through: position) }
    }
}
