import Actors
import Persistence
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct AlertsActorTests {
    private let now = AlertsSamples.now
    private let log = MemoryLog()

    private func actor(_ state: AlertsState = AlertsState()) -> AlertsActor {
        AlertsActor(recovered: state, limits: AlertsSamples.limits, log: log)
    }

    /// What a restart makes of the log.
    private func restarted() throws -> AlertsActor { actor(try AlertsSamples.replayed(log)) }

    private func begun(_ actor: AlertsActor, _ attempt: SMSAttempt) async throws -> UInt64 {
        guard case .send(let number) = try await actor.begin(attempt) else {
            Issue.record("the key was known")
            return 0
        }
        return number
    }

    @Test("of 50 parallel requests with one key one sends, and all get its answer")
    func race() async throws {
        let actor = actor()
        let answers = try await withThrowingTaskGroup(of: (sent: Bool, SMSAnswer).self) { group in
            for number in 0..<50 {
                group.addTask {
                    switch try await actor.begin(AlertsSamples.attempt(key: 1)) {
                    case .answered(let answer): return (false, answer)
                    case .send(let attempt):
                        for _ in 0..<20 { await Task.yield() }
                        let answer = AlertsSamples.queued(number)
                        await actor.finish(attempt, answer)
                        return (true, answer)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.sent } == 1)
        #expect(Set(answers.map(\.1)).count == 1)
        #expect(await actor.messages(limit: 10).count == 1)
    }

    @Test("nobody sends before the attempt is durable, or is told before the answer is")
    func durableFirst() async throws {
        let (actor, log) = (actor(), log)
        log.holdDurability()
        let begin = Task { try await begun(actor, AlertsSamples.attempt(key: 1)) }
        await waiters(1)
        log.releaseDurability()
        let number = try await begin.value
        log.holdDurability()
        let finish = Task { await actor.finish(number, AlertsSamples.queued(1)) }
        await waiters(1)
        let again = Task { try await actor.begin(AlertsSamples.attempt(key: 1)) }
        let list = Task { await actor.messages(limit: 1).count }
        await waiters(3)
        log.releaseDurability()
        await finish.value
        #expect(try await again.value == .answered(AlertsSamples.queued(1)))
        #expect(await list.value == 1)
    }

    @Test("an attempt that a crash has cut off is ambiguous, and is never made again")
    func crash() async throws {
        _ = try await begun(actor(), AlertsSamples.attempt(key: 1))
        let second = try restarted()
        guard case .answered(let answer) = try await second.begin(AlertsSamples.attempt(key: 1))
        else {
            Issue.record("it was sent again")
            return
        }
        #expect(answer.status == .ambiguous && answer.failure?.errorCode == "ambiguous")
        let interrupted = await second.interrupted
        #expect(interrupted.map(\.trace) == [AlertsSamples.attempt().trace])
        for (attempt, _) in interrupted {
            await second.finish(attempt, .lost(at: now, row: 77))
        }
        #expect(await second.interrupted.isEmpty)
        let third = try restarted()
        #expect(
            try await third.begin(AlertsSamples.attempt(key: 1))
                == .answered(.lost(at: now, row: 77)))
        #expect(await third.interrupted.isEmpty)
        #expect(await third.messages(limit: 5).map(\.status) == [.ambiguous])
    }

    @Test("limits, opt-outs and keys survive a restart")
    func restart() async throws {
        let first = actor()
        for _ in 0..<3 {
            let number = try await begun(
                first, AlertsSamples.attempt(to: 1, .test(AlertsSamples.ada)))
            await first.finish(number, AlertsSamples.queued(1))
        }
        let number = try await begun(first, AlertsSamples.attempt(to: 2))
        await first.finish(number, AlertsSamples.failed("opted_out", .optedOut))
        let second = try restarted()
        await #expect(
            throws: AlertsState.Refusal.limited(.testsOfUser, retryAfterSeconds: 86_400)
        ) { try await second.begin(AlertsSamples.attempt(to: 3, .test(AlertsSamples.ada))) }
        await #expect(throws: AlertsState.Refusal.optedOut) {
            try await second.begin(AlertsSamples.attempt(to: 2))
        }
    }

    @Test("a report that overtakes the answer is not lost")
    func earlyReport() async throws {
        let actor = actor()
        let number = try await begun(actor, AlertsSamples.attempt())
        #expect(try await !actor.take(AlertsSamples.report(1, .sent, token: 1)))
        #expect(try await !actor.take(AlertsSamples.report(2, .delivered)))
        await actor.finish(number, AlertsSamples.queued(1))
        #expect(await actor.messages(limit: 5).map(\.status) == [.sent])
        #expect(try await actor.take(AlertsSamples.report(1, .delivered, token: 2)))
        #expect(try AlertsSamples.replayed(log).messages(limit: 5).map(\.status) == [.delivered])
    }

    @Test("a full disk lets nothing begin, and forgets no answer")
    func fullDisk() async throws {
        let actor = actor()
        let number = try await begun(actor, AlertsSamples.attempt(key: 1))
        log.isFull = true
        await #expect(throws: AlertsState.Refusal.storage(.full)) {
            try await actor.begin(AlertsSamples.attempt(key: 2))
        }
        await actor.finish(number, AlertsSamples.queued(1))
        #expect(
            try await actor.begin(AlertsSamples.attempt(key: 1))
                == .answered(AlertsSamples.queued(1)))
        await #expect(throws: AppendError.full) {
            try await actor.take(AlertsSamples.report(1, .sent))
        }
        log.isFull = false
        #expect(try await actor.take(AlertsSamples.report(1, .sent)))
        let replayed = try AlertsSamples.replayed(log)
        #expect(replayed.messages(limit: 5).map(\.status) == [.sent])
        #expect(
            try replayed.known(AlertsSamples.attempt(key: 1))
                == .answered(AlertsSamples.queued(1)))
    }

    @Test("the messages of one trace are found, and only once they are durable")
    func trace() async throws {
        let (actor, log) = (actor(), log)
        for number in 1...3 {
            var attempt = AlertsSamples.attempt(to: UInt64(number))
            attempt.trace = TraceID(high: 7, low: UInt64(number % 2))
            await actor.finish(try await begun(actor, attempt), AlertsSamples.queued(number))
        }
        let found = await actor.messages(under: TraceID(high: 7, low: 1))
        #expect(
            Set(found.map(\.providerMessageID))
                == [AlertsSamples.messageID(1), AlertsSamples.messageID(3)])
        #expect(await actor.messages(under: TraceID(high: 8, low: 1)).isEmpty)
        log.holdDurability()
        let report = Task { try await actor.take(AlertsSamples.report(2, .delivered)) }
        await waiters(1)
        let list = Task { await actor.messages(under: TraceID(high: 7, low: 0)).map(\.status) }
        await waiters(2)
        log.releaseDurability()
        #expect(try await report.value)
        #expect(await list.value == [.delivered])
    }

    /// Returns when so many callers wait for the disk.
    private func waiters(_ count: Int) async {
        while log.waiterCount < count { await Task.yield() }
    }
}
