import Actors
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct UsageActorTests {
    private let now = UsageSamples.now
    private let log = MemoryLog()

    private func actor() -> UsageActor { UsageActor(recovered: UsageSamples.state(), log: log) }

    @Test("of 100 parallel reports of one key exactly one is accepted")
    func race() async throws {
        let (actor, now) = (actor(), now)
        let outcomes = try await withThrowingTaskGroup(of: [ReportOutcome].self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await actor.ingest([UsageSamples.report(7)], at: now).outcomes
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.filter { $0 == .accepted }.count == 1)
        #expect(outcomes.filter { $0 == .duplicate }.count == 99)
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 1)
    }

    @Test("a duplicate is not confirmed before the first report is durable")
    func duplicateWaits() async throws {
        let (actor, now, log) = (actor(), now, log)
        log.holdDurability()
        let first = Task { try await actor.ingest([UsageSamples.report(1)], at: now).outcomes }
        await waiters(1)
        let second = Task { try await actor.ingest([UsageSamples.report(1)], at: now).outcomes }
        await waiters(2)
        log.releaseDurability()
        #expect(try await first.value == [.accepted])
        #expect(try await second.value == [.duplicate])
    }

    @Test("events and counts show nothing that is not durable")
    func readersWait() async throws {
        let (actor, now, log) = (actor(), now, log)
        log.holdDurability()
        let ingest = Task { try await actor.ingest([UsageSamples.report(1)], at: now).outcomes }
        await waiters(1)
        let events = Task {
            await actor.events(of: UsageSamples.openai, before: nil, limit: 5).events.count
        }
        await waiters(2)
        let counts = Task { await actor.counts(at: now)[UsageSamples.openai]?.ok }
        await waiters(3)
        log.releaseDurability()
        #expect(try await ingest.value == [.accepted])
        #expect(await events.value == 1)
        #expect(await counts.value == 1)
    }

    @Test("a batch that the log refuses changes nothing")
    func refused() async throws {
        let actor = actor()
        log.isFull = true
        await #expect(throws: AppendError.full) {
            try await actor.ingest([UsageSamples.report(1)], at: now)
        }
        #expect(await actor.counts(at: now)[UsageSamples.openai]?.ok == 0)
        log.isFull = false
        #expect(try await actor.ingest([UsageSamples.report(1)], at: now).outcomes == [.accepted])
    }

    @Test("a batch that is larger than one frame goes in as several, in its order")
    func largeBatch() async throws {
        let actor = actor()
        let reports = (UInt64(1)...20_000).map { UsageSamples.report($0) }
        let outcomes = try await actor.ingest(reports, at: now).outcomes
        #expect(outcomes.allSatisfy { $0 == .accepted })
        var sections = 0
        try log.read(from: [:]) { section in
            sections += 1
            #expect(section.reader.remaining <= log.appendBytesMax)
        }
        #expect(sections > 1)
        #expect(await actor.totals().record == 20_000)
        var replayed = UsageSamples.state()
        try UsageSamples.replay(log, into: &replayed)
        #expect(replayed.totals[UsageSamples.openai] == 20_000)
    }

    @Test("rows are the ordinals of the records, also beside other writers of the shard")
    func sharedShard() async throws {
        let actor = actor()
        _ = try await actor.ingest([UsageSamples.report(1)], at: now)
        _ = try log.append(RecordBatch([other, other]), to: UsageActor.shard, expecting: nil)
        _ = try await actor.ingest([UsageSamples.report(2)], at: now)
        let events = await actor.events(of: UsageSamples.openai, before: nil, limit: 5).events
        #expect(events.map(\.row) == [4, 1])
        #expect(events.map(\.id) == ["evt_000000000004", "evt_000000000001"])
    }

    @Test("the self-check finds nothing wrong, and finds an event that is missing or doubled")
    func selfCheck() async throws {
        let actor = actor()
        let reports = (UInt64(1)...500).map {
            UsageSamples.report($0, integration: UsageSamples.integrations[Int($0 % 2)])
        }
        _ = try await actor.ingest(reports, at: now)
        _ = try log.append(RecordBatch([other]), to: UsageActor.shard, expecting: nil)
        let (record, totals) = await actor.totals()
        func check(_ live: [IntegrationID: UInt64]) throws -> [UsageSelfCheck.Difference] {
            try UsageSelfCheck.differences(
                live: live, upTo: record, fresh: UsageSamples.state(), log: log)
        }
        #expect(try check(totals).isEmpty)
        for wrong in [UInt64(249), 251] {
            let differences = try check([UsageSamples.openai: wrong, UsageSamples.twilio: 250])
            #expect(differences.map(\.integration) == [UsageSamples.openai])
            #expect(differences.map(\.onDisk) == [250])
        }
    }

    @Test("the self-check leaves out what was appended after the totals were told")
    func selfCheckUpTo() async throws {
        let actor = actor()
        _ = try await actor.ingest([UsageSamples.report(1)], at: now)
        let (record, totals) = await actor.totals()
        _ = try await actor.ingest([UsageSamples.report(2)], at: now)
        #expect(
            try UsageSelfCheck.differences(
                live: totals, upTo: record, fresh: UsageSamples.state(), log: log
            ).isEmpty)
    }

    /// A record of another actor in the same shard.
    private var other: InstallationEvent {
        .tokenRevoked(
            ServiceTokenID(shard: UsageActor.shard, at: now, random: SeededRandom(seed: 1)))
    }

    /// Returns once so many callers wait for the disk.
    private func waiters(_ count: Int) async {
        while log.waiterCount < count { await Task.yield() }
    }
}
