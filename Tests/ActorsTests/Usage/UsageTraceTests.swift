import Persistence
import TestSupport
import Testing

@testable import Actors

/// Events that are looked up by their trace.
@Suite(.timeLimit(.minutes(1))) struct UsageTraceTests {
    private let now = UsageSamples.now
    private let log = MemoryLog()

    private func trace(_ number: UInt64) -> TraceID { TraceID(high: 5, low: number) }

    private func event(_ row: UInt64, _ number: UInt64) -> UsageEvent {
        var facts = UsageSamples.facts()
        facts.trace = trace(number)
        return UsageEvent(row: row, facts: facts)
    }

    private func report(
        _ key: UInt64, _ number: UInt64, _ integration: IntegrationID = UsageSamples.openai
    ) -> UsageReport {
        var facts = UsageSamples.facts(integration)
        facts.trace = trace(number)
        return UsageReport(facts: facts, key: ReportKey(high: key, low: key), content: key)
    }

    // MARK: The ring

    @Test("all events of a trace that are in the ring are found, in all of its blocks")
    func ring() {
        var ring = UsageRing(capacity: 1000)
        for row in UInt64(1)...900 { ring.append(event(row, row % 3 + 1)) }
        #expect(
            ring.events(under: trace(1)).map(\.row)
                == stride(from: 3, through: 900, by: 3).map(\.self))
        #expect(ring.events(under: trace(9)).isEmpty)
        #expect(UsageRing(capacity: 1000).events(under: trace(1)).isEmpty)
    }

    @Test("what has left the ring is not found, though its block may still be there")
    func left() {
        var ring = UsageRing(capacity: 1000)
        for row in UInt64(1)...1100 { ring.append(event(row, 1)) }
        #expect(ring.events(under: trace(1)).map(\.row) == Array(101...1100))
    }

    // MARK: The actor

    @Test("events of all integrations come together, in the order of their arrival")
    func integrations() async throws {
        let actor = UsageActor(recovered: UsageSamples.state(), log: log)
        let reports = (UInt64(1)...6).map {
            report($0, $0 % 2, UsageSamples.integrations[Int($0 % 3 % 2)])
        }
        _ = try await actor.ingest(reports, at: now)
        #expect(await actor.events(under: trace(1), limit: 10).map(\.row) == [1, 3, 5])
        #expect(await actor.events(under: trace(0), limit: 2).map(\.row) == [2, 4])
        #expect(await actor.events(under: trace(7), limit: 2).isEmpty)
    }

    @Test("nothing is shown that is not durable")
    func waits() async throws {
        let (actor, now, log) = (UsageActor(recovered: UsageSamples.state(), log: log), now, log)
        log.holdDurability()
        let ingest = Task { try await actor.ingest([report(1, 1)], at: now).outcomes }
        while log.waiterCount < 1 { await Task.yield() }
        let found = Task { await actor.events(under: trace(1), limit: 5).count }
        while log.waiterCount < 2 { await Task.yield() }
        log.releaseDurability()
        #expect(try await ingest.value == [.accepted])
        #expect(await found.value == 1)
    }
}

/// What happened in each of the last minutes.
@Suite struct UsageMinutesTests {
    /// The start of a minute.
    private let start = Timestamp(seconds: 29_925_000 * 60)

    @Test(
        "an event counts for its whole minute, and for no other",
        arguments: [(-1, 0), (0, 1), (59_999, 1), (60_000, 0)] as [(Int64, UInt64)])
    func minute(milliseconds: Int64, expected: UInt64) {
        var counter = DayCounter()
        let at = start.advanced(bySeconds: 30)
        var tally = DayCounter.Tally.zero
        tally.okObserved = 1
        counter.add(tally, at: at, now: at)
        #expect(counter.minute(start.advanced(byMilliseconds: milliseconds)).ok == expected)
    }

    @Test("successes and failures are told apart, whoever has seen them")
    func kinds() {
        var counter = DayCounter()
        var tally = DayCounter.Tally.zero
        (tally.okObserved, tally.okReported) = (1, 2)
        (tally.failedObserved, tally.failedReported) = (4, 8)
        counter.add(tally, at: start, now: start)
        let minute = counter.minute(start)
        #expect(minute.ok == 3 && minute.failed == 12)
        #expect(counter.minute(start.advanced(bySeconds: 60)) == (0, 0))
        #expect(counter.minute(Timestamp(seconds: -1)) == (0, 0))
    }

    @Test("minutes before 1970 are like all others")
    func beforeEpoch() {
        var counter = DayCounter()
        var tally = DayCounter.Tally.zero
        tally.okObserved = 1
        counter.add(tally, at: Timestamp(milliseconds: -1), now: start)
        #expect(counter.minute(Timestamp(seconds: -60)).ok == 1)
        #expect(counter.minute(Timestamp(seconds: 0)).ok == 0)
    }

    @Test("all integrations are added up, oldest minute first, and probes are not")
    func minutes() {
        var state = UsageSamples.state()
        let now = start.advanced(bySeconds: 5)
        func happen(_ integration: IntegrationID, _ status: UsageStatus, minutesAgo: Int64) {
            let at = now.advanced(bySeconds: -60 * minutesAgo)
            let facts = UsageSamples.facts(integration, status: status, at: at)
            state.apply(
                UsageRecord(facts: facts, report: nil, arrivedAt: now),
                row: state.appliedRecord + 1)
        }
        happen(UsageSamples.openai, .ok, minutesAgo: 0)
        happen(UsageSamples.twilio, .ok, minutesAgo: 0)
        happen(UsageSamples.twilio, .timeout, minutesAgo: 0)
        happen(UsageSamples.openai, .error, minutesAgo: 2)
        happen(UsageSamples.openai, .ok, minutesAgo: 3)
        state.apply(
            UsageRecord(
                facts: UsageSamples.facts(source: .probe, at: now), report: nil, arrivedAt: now),
            row: state.appliedRecord + 1)
        let minutes = state.minutes(3, at: now)
        #expect(minutes.map(\.ok) == [0, 0, 2])
        #expect(minutes.map(\.failed) == [1, 0, 1])
        #expect(state.minutes(60, at: now).reduce(0) { $0 + $1.ok + $1.failed } == 5)
        #expect(state.minutes(0, at: now).isEmpty)
    }
}
