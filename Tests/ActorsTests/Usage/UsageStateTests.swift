import Actors
import Persistence
import TestSupport
import Testing

@Suite struct UsageStateTests {
    private let now = UsageSamples.now

    // MARK: Rules

    @Test(
        "a report may be 24 hours old and five minutes ahead, to the millisecond",
        arguments: [
            (-86_400_001, ReportOutcome.tooOld), (-86_400_000, .accepted), (0, .accepted),
            (300_000, .accepted), (300_001, .inFuture),
        ])
    func times(milliseconds: Int, expected: ReportOutcome) {
        let report = UsageSamples.report(
            1, at: now.advanced(byMilliseconds: Int64(milliseconds)))
        #expect(UsageSamples.state().decide([report], at: now).outcomes == [expected])
    }

    @Test("inside a batch the first of a key is accepted, the same again is a duplicate")
    func insideBatch() {
        let reports = [
            UsageSamples.report(1), UsageSamples.report(2), UsageSamples.report(1),
            UsageSamples.report(1, content: 2), UsageSamples.report(1),
        ]
        let (records, outcomes) = UsageSamples.state().decide(reports, at: now)
        #expect(outcomes == [.accepted, .accepted, .duplicate, .conflict, .duplicate])
        let keys = records.map { record -> ReportKey? in
            guard case .event(_, let report, _) = record else { return nil }
            return report?.key
        }
        #expect(keys == [reports[0].key, reports[1].key])
    }

    @Test("a report that was refused does not take its key")
    func refusedKey() {
        let reports = [
            UsageSamples.report(1, at: now.advanced(bySeconds: -90_000)), UsageSamples.report(1),
        ]
        #expect(UsageSamples.state().decide(reports, at: now).outcomes == [.tooOld, .accepted])
    }

    @Test("across batches a key is a duplicate or a conflict, whatever the age of its event")
    func acrossBatches() {
        var state = UsageSamples.state()
        let old = UsageSamples.report(1, at: now.advanced(bySeconds: -80_000))
        #expect(UsageSamples.ingest([old], into: &state, at: now) == [.accepted])
        let later = now.advanced(bySeconds: 10_000)
        let again = [old, UsageSamples.report(1, content: 2)]
        #expect(state.decide(again, at: later).outcomes == [.duplicate, .conflict])
    }

    @Test("the same report is never counted twice while its own time is acceptable")
    func noSecondCount() {
        var state = UsageSamples.state()
        UsageSamples.ingest([UsageSamples.report(1)], into: &state, at: now)
        for milliseconds in [1, 999, 86_399_000, 86_399_250, 86_399_999, 86_400_000] {
            let later = now.advanced(byMilliseconds: Int64(milliseconds))
            let outcomes = state.decide([UsageSamples.report(1)], at: later).outcomes
            #expect(outcomes != [.accepted], "\(milliseconds) ms after its arrival")
        }
    }

    @Test("deciding changes nothing")
    func decideIsPure() {
        let state = UsageSamples.state()
        _ = state.decide([UsageSamples.report(1)], at: now)
        #expect(state.decide([UsageSamples.report(1)], at: now).outcomes == [.accepted])
        #expect(state.events(of: UsageSamples.openai, before: nil, limit: 10).events.isEmpty)
    }

    // MARK: Counts

    @Test("each source and status counts as the contract says", arguments: UsageSource.allCases)
    func counts(source: UsageSource) {
        for status in UsageStatus.allCases {
            var state = UsageSamples.state()
            state.apply(
                UsageRecord(
                    facts: UsageSamples.facts(source: source, status: status), report: nil,
                    arrivedAt: now),
                row: 1)
            let counts = state.counts(at: now)[UsageSamples.openai]
            let isCounted = source != .probe && status != .pending
            #expect(counts?.ok == (isCounted && status == .ok ? 1 : 0), "\(status)")
            #expect(counts?.failures == (isCounted && status != .ok ? 1 : 0), "\(status)")
            #expect(counts?.reported == (isCounted && source == .reported ? 1 : 0), "\(status)")
            #expect(counts?.lastUsedAt == (isCounted ? now : nil), "\(status)")
            #expect(state.totals[UsageSamples.openai] == 1)
        }
    }

    @Test("last use is the newest event, not the last to arrive, and stays after the window")
    func lastUse() {
        var state = UsageSamples.state()
        let early = UsageSamples.report(2, at: now.advanced(bySeconds: -3600))
        UsageSamples.ingest([UsageSamples.report(1), early], into: &state, at: now)
        let later = now.advanced(bySeconds: 200_000)
        #expect(state.counts(at: later)[UsageSamples.openai]?.lastUsedAt == now)
        #expect(state.counts(at: later)[UsageSamples.openai]?.ok == 0)
    }

    @Test("counts go on beyond the ring's size")
    func beyondRing() {
        var state = UsageSamples.state(ringEvents: 1000)
        for start in stride(from: UInt64(0), to: 5000, by: 500) {
            let batch = (start..<start + 500).map { UsageSamples.report($0) }
            UsageSamples.ingest(batch, into: &state, at: now)
        }
        #expect(state.counts(at: now)[UsageSamples.openai]?.ok == 5000)
        #expect(state.totals[UsageSamples.openai] == 5000)
    }

    @Test("the events of an integration that left the catalogue are kept")
    func formerIntegration() throws {
        var state = UsageSamples.state()
        let former = IntegrationID("former")
        state.apply(
            UsageRecord(facts: UsageSamples.facts(former), report: nil, arrivedAt: now), row: 1)
        let restored = try UsageSamples.restored(from: state.snapshotParts(shard: ShardID(0)))
        #expect(restored == state)
        for state in [state, restored] {
            #expect(state.events(of: former, before: nil, limit: 5).events.count == 1)
            #expect(state.counts(at: now)[former]?.ok == 1)
        }
    }

    // MARK: Recovery

    @Test(
        "replay of the log, and a snapshot and the rest of it, make the same state",
        arguments: 1...5)
    func recovery(seed: Int) async throws {
        let random = SeededRandom(seed: UInt64(seed))
        let log = MemoryLog()
        let actor = UsageActor(
            recovered: UsageSamples.state(keysMax: 1500, ringEvents: 1000), log: log)
        var now = self.now
        var parts: [SnapshotPart] = []
        for round in 0..<40 {
            now = now.advanced(byMilliseconds: Int64(random.below(7_200_000)))
            _ = try await actor.ingest(batch(random, at: now), at: now)
            if round == 25 { parts = await actor.snapshotParts() }
        }
        #expect(!parts.isEmpty)
        var replayed = UsageSamples.state(keysMax: 1500, ringEvents: 1000)
        try UsageSamples.replay(log, into: &replayed)
        var resumed = try UsageSamples.restored(from: parts, keysMax: 1500, ringEvents: 1000)
        #expect(resumed.appliedRecord > 0)
        #expect(resumed.appliedRecord < replayed.appliedRecord)
        try UsageSamples.replay(log, into: &resumed)
        let probe = batch(random, at: now)
        let live = try await observed(actor, probe: probe, at: now)
        #expect(observed(replayed, probe: probe, at: now) == live)
        #expect(observed(resumed, probe: probe, at: now) == live)
    }

    @Test("a record the state has already is skipped")
    func skipped() async throws {
        let log = MemoryLog()
        let actor = UsageActor(recovered: UsageSamples.state(), log: log)
        _ = try await actor.ingest([UsageSamples.report(1)], at: now)
        var state = UsageSamples.state()
        try UsageSamples.replay(log, into: &state)
        try UsageSamples.replay(log, into: &state)
        #expect(state.totals[UsageSamples.openai] == 1)
    }

    @Test("a chunk that is cut off or holds an unknown item is refused")
    func damagedChunk() throws {
        var state = UsageSamples.state()
        UsageSamples.ingest([UsageSamples.report(1)], into: &state, at: now)
        let chunks = state.snapshotParts(shard: ShardID(0)).compactMap { $0.nextChunk() }
        #expect(chunks.count == 4)
        for chunk in chunks {
            #expect(throws: DecodingFault.self) {
                var fresh = UsageSamples.state()
                try fresh.restore(chunk: Array(chunk.dropLast()), appliedRecord: 1)
            }
            #expect(throws: DecodingFault.self) {
                var fresh = UsageSamples.state()
                try fresh.restore(chunk: [99] + chunk, appliedRecord: 1)
            }
        }
    }

    /// Everything that callers can see.
    private struct Observed: Equatable {
        var counts: [[IntegrationID: UsageCounts]]
        var rows: [[UsageEvent]]
        var totals: [IntegrationID: UInt64]
        var window: Int64?
        var outcomes: [ReportOutcome]
    }

    private static let hours: [Int64] = [0, 1, 6, 23]

    private func observed(
        _ state: UsageState, probe: [UsageReport], at now: Timestamp
    ) -> Observed {
        Observed(
            counts: Self.hours.map { state.counts(at: now.advanced(bySeconds: $0 * 3600)) },
            rows: UsageSamples.integrations.map {
                state.events(of: $0, before: nil, limit: 2000).events
            },
            totals: state.totals, window: state.shortenedWindowSeconds(at: now),
            outcomes: state.decide(probe, at: now).outcomes)
    }

    /// The live actor's view. The probe goes in last, since it changes the actor.
    private func observed(
        _ actor: UsageActor, probe: [UsageReport], at now: Timestamp
    ) async throws -> Observed {
        var counts: [[IntegrationID: UsageCounts]] = []
        for hours in Self.hours {
            counts.append(await actor.counts(at: now.advanced(bySeconds: hours * 3600)))
        }
        var rows: [[UsageEvent]] = []
        for integration in UsageSamples.integrations {
            rows.append(await actor.events(of: integration, before: nil, limit: 2000).events)
        }
        let totals = await actor.totals().totals
        let window = try await actor.ingest([], at: now).dedupWindowSeconds
        let outcomes = try await actor.ingest(probe, at: now).outcomes
        return Observed(
            counts: counts, rows: rows, totals: totals, window: window, outcomes: outcomes)
    }

    private func batch(_ random: SeededRandom, at now: Timestamp) -> [UsageReport] {
        (0..<100).map { _ in
            UsageSamples.report(
                UInt64(random.below(6000)), content: UInt64(random.below(2)),
                integration: UsageSamples.integrations[random.below(2)],
                status: random.below(4) == 0 ? .error : .ok,
                at: now.advanced(byMilliseconds: 310_000 - Int64(random.below(87_000_000))))
        }
    }
}
