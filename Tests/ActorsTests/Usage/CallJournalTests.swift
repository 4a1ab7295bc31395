import Actors
import Persistence
import Synchronization
import TestSupport
import Testing

/// Calls that event loops write: their rows, their counts, and what a crash leaves of them.
@Suite struct CallJournalTests {
    private let log = MemoryLog()
    private let journal: CallJournal
    private let actor: UsageActor
    private let now = UsageSamples.now

    init() {
        journal = CallJournal(log: log)
        actor = UsageActor(recovered: UsageSamples.state(), log: log, journal: journal)
    }

    private func attempt() -> UsageRecord {
        .attempt(UsageSamples.facts(source: .observed, status: .pending))
    }

    private func ending(_ status: UsageStatus = .ok) -> UsageEnding {
        var ending = UsageEnding(status, endedAt: now)
        ending.httpStatus = 200
        ending.latencyMilliseconds = 40
        ending.units = [UsageUnit(name: "input_tokens", amount: 3)]
        return ending
    }

    private func listed() async -> [UsageEvent] {
        await actor.events(of: UsageSamples.openai, before: nil, limit: 200).events
    }

    @Test("attempt and outcome are one row, pending first")
    func oneRow() async throws {
        let row = try journal.append(attempt()).record
        #expect(await listed().map(\.facts.status) == [.pending])
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 0)
        _ = try journal.append(.outcome(row: row, ending()))
        let events = await listed()
        #expect(events.map(\.row) == [row])
        #expect(events.first?.facts.status == .ok && events.first?.facts.httpStatus == 200)
        #expect(events.first?.facts.units?.first?.amount == 3)
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 1)
    }

    @Test("outcomes of calls that overlap find their own rows, in any order")
    func overlapping() async throws {
        var rows: [UInt64] = []
        for _ in 0..<600 { rows.append(try journal.append(attempt()).record) }
        for row in rows.shuffled() {
            let status = row % 3 == 0 ? UsageStatus.error : .ok
            _ = try journal.append(.outcome(row: row, ending(status)))
        }
        var cursor: UInt64?
        var seen: [UInt64: UsageStatus] = [:]
        repeat {
            let page = await actor.events(of: UsageSamples.openai, before: cursor, limit: 200)
            for event in page.events { seen[event.row] = event.facts.status }
            cursor = page.next
        } while cursor != nil
        #expect(seen.count == 600)
        for (row, status) in seen { #expect(status == (row % 3 == 0 ? .error : .ok)) }
    }

    @Test("an outcome without its attempt, or a second one, changes nothing")
    func strays() async throws {
        let row = try journal.append(attempt()).record
        _ = try journal.append(.outcome(row: row, ending()))
        _ = try journal.append(.outcome(row: row, ending(.error)))
        _ = try journal.append(.outcome(row: 9_999, ending()))
        #expect(await listed().map(\.facts.status) == [.ok])
        let counts = await actor.counts(at: now)[UsageSamples.openai]
        #expect(counts?.ok == 1 && counts?.failures == 0)
    }

    @Test("after a crash calls without an end are interrupted, once")
    func interrupted() async throws {
        let ended = try journal.append(attempt()).record
        _ = try journal.append(attempt())
        _ = try journal.append(.outcome(row: ended, ending()))
        for _ in 0..<2 {
            var state = UsageSamples.state()
            try UsageSamples.replay(log, into: &state)
            let next = UsageActor(recovered: state, log: log)
            try await next.begin(fingerprints: [:], at: now)
            let events = await next.events(of: UsageSamples.openai, before: nil, limit: 10).events
            #expect(events.map(\.facts.status) == [.interrupted, .ok])
            #expect(await next.counts(at: now)[UsageSamples.openai]?.failures == 1)
        }
    }

    @Test("reports and calls that come together are applied in the log's order")
    func order() async throws {
        try await withThrowingTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        let row = try journal.append(attempt()).record
                        let key = UInt64(writer * 1000 + number)
                        _ = try await actor.ingest([UsageSamples.report(key)], at: now)
                        _ = try journal.append(.outcome(row: row, ending()))
                    }
                }
            }
            try await group.waitForAll()
        }
        var replayed = UsageSamples.state()
        try UsageSamples.replay(log, into: &replayed)
        let live = await actor.counts(at: now)
        #expect(live == replayed.counts(at: now))
        #expect(live[UsageSamples.openai]?.ok == 800)
        let rows = await listed().map(\.row)
        #expect(rows == rows.sorted(by: >))
    }

    @Test("a snapshot keeps calls under way, evidence, latencies and fingerprints")
    func snapshot() async throws {
        let row = try journal.append(attempt()).record
        let other = try journal.append(attempt()).record
        _ = try journal.append(.outcome(row: row, ending()))
        let fingerprint = CredentialFingerprint(value: 77)
        _ = try journal.append(.credentialsChanged(UsageSamples.twilio, fingerprint))
        var restored = try UsageSamples.restored(from: await actor.snapshotParts())
        #expect(restored.evidence(of: UsageSamples.openai).isConnected(at: now))
        #expect(restored.fingerprint(of: UsageSamples.twilio) == fingerprint)
        let hours = restored.hours(of: UsageSamples.openai, count: 1, at: now)
        #expect(hours.first?.latencies.total == 1 && hours.first?.ok == 1)
        restored.apply(.outcome(row: other, ending()), row: 1000)
        #expect(restored.counts(at: now)[UsageSamples.openai]?.ok == 2)
    }

    @Test("other credentials void the evidence, the same ones do not")
    func credentials() async throws {
        let row = try journal.append(attempt()).record
        _ = try journal.append(.outcome(row: row, ending()))
        let fingerprints = { (value: UInt64) in
            [UsageSamples.openai: CredentialFingerprint(value: value)]
        }
        try await actor.begin(fingerprints: fingerprints(1), at: now)
        #expect(await actor.evidence()[UsageSamples.openai]?.standing == .unproven)
        try await actor.record([
            .event(
                {
                    var facts = UsageSamples.facts(source: .observed)
                    facts.httpStatus = 200
                    return facts
                }(),
                report: nil, arrivedAt: now)
        ])
        try await actor.begin(fingerprints: fingerprints(1), at: now)
        #expect(await actor.evidence()[UsageSamples.openai]?.standing == .works)
        try await actor.begin(fingerprints: fingerprints(2), at: now)
        #expect(await actor.evidence()[UsageSamples.openai]?.standing == .unproven)
    }

    @Test("outcomes that find a full log are written later, and nothing is lost")
    func full() async throws {
        let row = try journal.append(attempt()).record
        log.isFull = true
        #expect(throws: AppendError.full) { try journal.append(.outcome(row: row, ending())) }
        journal.postpone(.outcome(row: row, ending()))
        journal.retryPostponed()
        #expect(await listed().map(\.facts.status) == [.pending])
        log.isFull = false
        journal.retryPostponed()
        #expect(await listed().map(\.facts.status) == [.ok])
        journal.giveUp()
        #expect(journal.eventsLost == 0)
    }

    @Test("what a full log never took is counted as lost when the server stops")
    func lost() {
        log.isFull = true
        journal.postpone(.outcome(row: 1, ending()))
        journal.giveUp()
        #expect(journal.eventsLost == 1)
    }

    @Test("the actor is called when much waits for it")
    func called() async throws {
        let calls = Atomic(0)
        journal.whenFresh { calls.add(1, ordering: .relaxed) }
        for _ in 0..<255 { _ = try journal.append(attempt()) }
        #expect(calls.load(ordering: .relaxed) == 0)
        for _ in 0..<300 { _ = try journal.append(attempt()) }
        #expect(calls.load(ordering: .relaxed) == 1)
        await actor.absorb()
        for _ in 0..<256 { _ = try journal.append(attempt()) }
        #expect(calls.load(ordering: .relaxed) == 2)
    }
}

@Suite struct LatencyHistogramTests {
    @Test("a quantile is off by an eighth at the most")
    func quantiles() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for value in 1...10_000 { histogram.add(milliseconds: UInt32(value)) }
        for share in [0.01, 0.25, 0.5, 0.9, 0.99, 1] {
            let exact = 10_000 * share
            let found = Double(histogram.quantile(share) ?? 0)
            #expect(found >= exact && found <= exact * 1.126, "\(share): \(found)")
        }
    }

    @Test("every value has a bucket, the largest too")
    func extremes() {
        for value: UInt32 in [0, 1, 7, 8, 9, 15, 16, 1_000_000, .max] {
            var histogram = LatencyHistogram()
            histogram.add(milliseconds: value)
            let found = histogram.quantile(0.5) ?? 0
            #expect(found >= value && Double(found) <= Double(value) * 1.126 + 1, "\(value)")
        }
    }
}
