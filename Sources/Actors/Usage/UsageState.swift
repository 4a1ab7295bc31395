package import Persistence

/// Everything about the use of integrations: rows, exact counts, and the keys of what was reported.
/// Pure: `decide` says what becomes of reports, `apply` makes a record count.
package struct UsageState: Sendable, Equatable {
    struct PerIntegration: Sendable, Equatable {
        var ring: UsageRing
        var day = DayCounter()
        var latencies = LatencyDay()
        var lastUsedAt: Timestamp?
        /// All rows ever, probes included: what the self-check compares.
        var recorded: UInt64 = 0
        var evidence = ConnectionEvidence()
        var fingerprint: CredentialFingerprint?
    }

    private(set) var integrations: [IntegrationID: PerIntegration] = [:]
    private(set) var reports: DedupIndex
    /// Calls that have begun and not ended, by their row.
    private(set) var underWay: [UInt64: UsageFacts] = [:]
    /// The ordinal of the newest record that is in here.
    package private(set) var appliedRecord: UInt64 = 0
    private let ringEvents: Int

    /// A report may be so old; older ones would change counts that were already shown.
    package static let lateSecondsMax: Int64 = 86_400
    /// Clocks of callers may be so far ahead.
    package static let aheadSecondsMax: Int64 = 300

    /// - Parameter integrations: those of the catalogue. Rows of others, from an older catalogue,
    ///   are kept as long as they are in the ring.
    package init(integrations: [IntegrationID], ringEvents: Int, dedupKeysMax: Int) {
        self.ringEvents = ringEvents
        reports = DedupIndex(keysMax: dedupKeysMax)
        for integration in integrations {
            self.integrations[integration] = PerIntegration(ring: UsageRing(capacity: ringEvents))
        }
    }

    /// The state before anything has happened, with the same integrations and bounds.
    func emptied() -> UsageState {
        UsageState(
            integrations: Array(integrations.keys), ringEvents: ringEvents,
            dedupKeysMax: reports.keysMax)
    }

    // MARK: Rules

    /// What becomes of each report, and the records of those that are accepted. Nothing changes
    /// yet.
    package func decide(
        _ batch: [UsageReport], at now: Timestamp
    ) -> (records: [UsageRecord], outcomes: [ReportOutcome]) {
        var records: [UsageRecord] = []
        var outcomes: [ReportOutcome] = []
        records.reserveCapacity(batch.count)
        outcomes.reserveCapacity(batch.count)
        var inThisBatch: [ReportKey: UInt64] = Dictionary(minimumCapacity: batch.count)
        for report in batch {
            if let known = inThisBatch[report.key] ?? reports.content(of: report.key, at: now) {
                outcomes.append(known == report.content ? .duplicate : .conflict)
            } else if report.facts.at < now.advanced(bySeconds: -Self.lateSecondsMax) {
                outcomes.append(.tooOld)
            } else if report.facts.at > now.advanced(bySeconds: Self.aheadSecondsMax) {
                outcomes.append(.inFuture)
            } else {
                inThisBatch[report.key] = report.content
                outcomes.append(.accepted)
                records.append(
                    UsageRecord(
                        facts: report.facts,
                        report: UsageRecord.Report(key: report.key, content: report.content),
                        arrivedAt: now))
            }
        }
        return (records, outcomes)
    }

    package mutating func apply(_ record: UsageRecord, row: UInt64) {
        appliedRecord = row
        switch record {
        case .event(let facts, let report, let arrivedAt):
            update(facts.integration) { usage in
                usage.add(UsageEvent(row: row, facts: facts))
                usage.count(facts, endedAt: arrivedAt)
            }
            if let report { reports.insert(report.key, content: report.content, at: arrivedAt) }
        case .attempt(let facts):
            underWay[row] = facts
            update(facts.integration) { $0.add(UsageEvent(row: row, facts: facts)) }
        case .outcome(let began, let ending):
            guard var facts = underWay.removeValue(forKey: began) else { return }
            facts.end(ending)
            update(facts.integration) { usage in
                usage.ring.replace(UsageEvent(row: began, facts: facts))
                usage.count(facts, endedAt: ending.endedAt)
            }
        case .credentialsChanged(let integration, let fingerprint):
            update(integration) { usage in
                usage.fingerprint = fingerprint
                usage.evidence = ConnectionEvidence()
            }
        case .callback(let integration, let at, let trace):
            update(integration) { $0.evidence.learnCallback(at: at, trace: trace) }
        }
    }

    private mutating func update(
        _ integration: IntegrationID, _ change: (inout PerIntegration) -> Void
    ) {
        change(
            &integrations[
                integration, default: PerIntegration(ring: UsageRing(capacity: ringEvents))])
    }

    // MARK: Questions

    package func events(
        of integration: IntegrationID, before row: UInt64?, limit: Int
    ) -> (events: [UsageEvent], next: UInt64?) {
        integrations[integration]?.ring.page(before: row, limit: limit) ?? ([], nil)
    }

    package func counts(at now: Timestamp) -> [IntegrationID: UsageCounts] {
        integrations.mapValues { usage in
            let tally = usage.day.tally(at: now)
            var counts = UsageCounts()
            counts.ok = tally.ok
            counts.failures = tally.failed
            counts.reported = tally.reported
            counts.lastUsedAt = usage.lastUsedAt
            return counts
        }
    }

    package func minutes(_ count: Int, at now: Timestamp) -> [(ok: UInt64, failed: UInt64)] {
        (0..<Int64(count)).reversed().map { back in
            var sum: (ok: UInt64, failed: UInt64) = (0, 0)
            for usage in integrations.values {
                let tally = usage.day.minute(now.advanced(bySeconds: -60 * back))
                sum.ok += tally.ok
                sum.failed += tally.failed
            }
            return sum
        }
    }

    package func evidence(of integration: IntegrationID) -> ConnectionEvidence {
        integrations[integration]?.evidence ?? ConnectionEvidence()
    }

    package func fingerprint(of integration: IntegrationID) -> CredentialFingerprint? {
        integrations[integration]?.fingerprint
    }

    /// The calls whose end nobody has seen, as records that say so. To be asked after recovery,
    /// when all of them are from a process that is no more.
    package func interruptions(at now: Timestamp) -> [UsageRecord] {
        underWay.keys.sorted().map { .outcome(row: $0, UsageEnding(.interrupted, endedAt: now)) }
    }

    /// All rows ever of each integration.
    package var totals: [IntegrationID: UInt64] { integrations.mapValues(\.recorded) }

    package func shortenedWindowSeconds(at now: Timestamp) -> Int64? {
        reports.shortenedWindowSeconds(at: now)
    }

    // MARK: Recovery

    /// Applies a record of the log unless the snapshot has it already.
    package mutating func replay(_ stored: StoredRecord, record: UInt64) throws(DecodingFault) {
        guard record > appliedRecord else { return }
        var reader = stored.reader
        let usage = try UsageRecord(kind: stored.kind, version: stored.version, from: &reader)
        guard reader.isAtEnd else { throw .invalidValue("bytes after record \(record)") }
        apply(usage, row: record)
    }

    /// Takes one chunk of a snapshot; chunks come in the order they were written.
    package mutating func restore(
        chunk: [UInt8], appliedRecord: UInt64
    ) throws(DecodingFault) {
        self.appliedRecord = appliedRecord
        var reader = ByteReader(chunk)
        while !reader.isAtEnd {
            switch try UsageItem(from: &reader) {
            case .evicted(let arrivedAt):
                reports.restore(evictedAt: arrivedAt)
            case .marks(let integration, let lastUsedAt, let recorded):
                update(integration) { usage in
                    usage.lastUsedAt = lastUsedAt
                    usage.recorded = recorded
                }
            case .evidence(let integration, let evidence, let fingerprint):
                update(integration) { usage in
                    usage.evidence = evidence
                    usage.fingerprint = fingerprint
                }
            case .underWay(let event):
                underWay[event.row] = event.facts
            case .hour(let integration, let hour, let latencies):
                update(integration) { $0.latencies.restore(hour, latencies) }
            case .row(let event):
                update(event.facts.integration) { $0.ring.append(event) }
            case .minute(let integration, let minute, let content):
                update(integration) { $0.day.restore(minute, content) }
            case .key(let stored):
                reports.restore(stored)
            }
        }
    }
}

extension UsageState.PerIntegration {
    mutating func add(_ event: UsageEvent) {
        recorded += 1
        ring.append(event)
    }

    mutating func count(_ facts: UsageFacts, endedAt: Timestamp) {
        evidence.learn(facts, endedAt: endedAt)
        guard let tally = DayCounter.Tally(facts) else { return }
        day.add(tally, at: facts.at, now: endedAt)
        lastUsedAt = max(lastUsedAt ?? facts.at, facts.at)
        guard let milliseconds = facts.latencyMilliseconds else { return }
        latencies.add(milliseconds: milliseconds, at: facts.at)
    }
}

extension DayCounter.Tally {
    /// Nil for what is never counted: probes, and what is still under way.
    init?(_ facts: UsageFacts) {
        self = .zero
        switch (facts.source, facts.status) {
        case (.probe, _), (_, .pending): return nil
        case (.observed, .ok): okObserved = 1
        case (.reported, .ok): okReported = 1
        case (.observed, _): failedObserved = 1
        case (.reported, _): failedReported = 1
        }
    }
}
