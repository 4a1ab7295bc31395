import Actors
import Persistence
import TestSupport
import Testing

/// The rules of sending: keys, limits, numbers that want nothing, and how far messages have come.
@Suite struct AlertsStateTests {
    private let now = AlertsSamples.now

    // MARK: Keys

    @Test("a key has the answer of its message, and no other message can have it")
    func keys() throws {
        var state = AlertsState()
        let attempt = AlertsSamples.attempt(key: 1)
        #expect(try state.known(attempt) == nil)
        let number = try state.add(attempt)
        #expect(try state.known(attempt) == .underWay(attempt: number))
        let answer = AlertsSamples.queued(1)
        for event in state.finish(number, answer) { state.apply(event, record: 2) }
        #expect(try state.known(attempt) == .answered(answer))
        #expect(state.finish(number, AlertsSamples.queued(2)).isEmpty)
        #expect(throws: AlertsState.Refusal.keyConflict) {
            try state.known(AlertsSamples.attempt(key: 1, request: 2))
        }
        #expect(try state.known(AlertsSamples.attempt(key: 2)) == nil)
        #expect(try state.known(AlertsSamples.attempt()) == nil)
    }

    @Test("a key is known for 24 hours, to the millisecond, and can then be used anew")
    func keyExpiry() throws {
        var state = AlertsState()
        try state.add(AlertsSamples.attempt(key: 1), AlertsSamples.queued(1))
        func later(_ milliseconds: Int64) -> SMSAttempt {
            AlertsSamples.attempt(
                key: 1, request: 2, at: now.advanced(byMilliseconds: milliseconds))
        }
        #expect(throws: AlertsState.Refusal.keyConflict) { try state.known(later(86_400_000)) }
        #expect(try state.known(later(86_400_001)) == nil)
        let number = try state.add(later(86_400_001))
        #expect(try state.known(later(86_400_002)) == .underWay(attempt: number))
    }

    @Test("a failure keeps its key, unless nothing has left and another try may go better")
    func freedKey() throws {
        var state = AlertsState()
        let answer = AlertsSamples.failed("bad_recipient")
        try state.add(AlertsSamples.attempt(key: 1), answer)
        #expect(try state.known(AlertsSamples.attempt(key: 1)) == .answered(answer))
        try state.add(
            AlertsSamples.attempt(key: 2), AlertsSamples.failed("rate_limited", .keyIsFree))
        #expect(try state.known(AlertsSamples.attempt(key: 2)) == nil)
        try state.add(AlertsSamples.attempt(key: 2), AlertsSamples.queued(3))
        #expect(
            try state.known(AlertsSamples.attempt(key: 2)) == .answered(AlertsSamples.queued(3)))
    }

    @Test("the oldest keys make room when there are too many")
    func keyCap() throws {
        var state = AlertsState()
        for key in 0...UInt64(SendKeyIndex.keysMax) {
            let attempt = AlertsSamples.attempt(to: key, key: key)
            let record = 2 * key + 1
            state.apply(.attempted(attempt), record: record)
            state.apply(
                .answered(attempt: record, AlertsSamples.queued(1)), record: record + 1)
        }
        #expect(try state.known(AlertsSamples.attempt(key: 0)) == nil)
        #expect(try state.known(AlertsSamples.attempt(key: 1)) != nil)
        let newest = AlertsSamples.attempt(key: UInt64(SendKeyIndex.keysMax))
        #expect(try state.known(newest) != nil)
    }

    // MARK: Limits

    @Test("a user's tests, everybody's tests and a number's messages are limited")
    func limits() throws {
        var state = AlertsState()
        for number in 1...3 {
            try state.add(AlertsSamples.attempt(to: UInt64(number), .test(AlertsSamples.ada)))
        }
        func refusal(_ attempt: SMSAttempt) -> AlertsState.Refusal? {
            do throws(AlertsState.Refusal) {
                _ = try state.begin(attempt, AlertsSamples.limits)
                return nil
            } catch {
                return error
            }
        }
        let later = now.advanced(bySeconds: 10)
        #expect(
            refusal(AlertsSamples.attempt(to: 9, .test(AlertsSamples.ada), at: later))
                == .limited(.testsOfUser, retryAfterSeconds: 86_390))
        for number in 4...5 {
            try state.add(AlertsSamples.attempt(to: UInt64(number), .test(AlertsSamples.bob)))
        }
        #expect(
            refusal(AlertsSamples.attempt(to: 9, .test(AlertsSamples.bob), at: later))
                == .limited(.testsOfInstallation, retryAfterSeconds: 86_390))
        // Alerts are no tests, but they count for the number.
        for _ in 0..<3 { try state.add(AlertsSamples.attempt(to: 1)) }
        #expect(
            refusal(AlertsSamples.attempt(to: 1, at: later))
                == .limited(.number, retryAfterSeconds: 3590))
        #expect(refusal(AlertsSamples.attempt(to: 2, at: later)) == nil)
        #expect(refusal(AlertsSamples.attempt(to: 1, at: now.advanced(bySeconds: 3600))) == nil)
        let tomorrow = now.advanced(bySeconds: 86_400)
        #expect(
            refusal(AlertsSamples.attempt(to: 1, .test(AlertsSamples.ada), at: tomorrow)) == nil)
    }

    @Test("what was refused counts for nothing")
    func refusedCountsNothing() throws {
        var state = AlertsState()
        for _ in 0..<4 { try state.add(AlertsSamples.attempt(to: 1)) }
        let before = state
        #expect(throws: AlertsState.Refusal.self) { try state.add(AlertsSamples.attempt(to: 1)) }
        #expect(state == before)
    }

    // MARK: Opt-outs

    @Test("a number that has opted out is left alone for 30 days, and no other number is")
    func optOut() throws {
        var state = AlertsState()
        try state.add(AlertsSamples.attempt(to: 1), AlertsSamples.failed("opted_out", .optedOut))
        let last = now.advanced(bySeconds: 30 * 86_400 - 1)
        #expect(throws: AlertsState.Refusal.optedOut) {
            try state.begin(AlertsSamples.attempt(to: 1, at: last), AlertsSamples.limits)
        }
        #expect(throws: AlertsState.Refusal.optedOut) {
            try state.begin(
                AlertsSamples.attempt(to: 1, .test(AlertsSamples.ada)), AlertsSamples.limits)
        }
        _ = try state.begin(AlertsSamples.attempt(to: 2), AlertsSamples.limits)
        _ = try state.begin(
            AlertsSamples.attempt(to: 1, at: last.advanced(bySeconds: 1)), AlertsSamples.limits)
    }

    // MARK: Messages

    @Test("a message goes on by reports, once for each, and never back")
    func reports() throws {
        var state = AlertsState()
        try state.add(AlertsSamples.attempt(), AlertsSamples.queued(1))
        try state.add(AlertsSamples.attempt(), AlertsSamples.queued(2))
        let reports: [(SMSReport, isNew: Bool)] = [
            (AlertsSamples.report(1, .sent, token: 1), true),
            (AlertsSamples.report(1, .sending, token: 2), false),
            (AlertsSamples.report(1, .delivered, token: 1), false),
            (
                AlertsSamples.report(
                    1, .undelivered, token: 3, errorCode: "30003", at: now.advanced(bySeconds: 3)),
                true
            ),
            (AlertsSamples.report(1, .delivered, token: 4), false),
            (AlertsSamples.report(3, .sent, token: 5), false),
        ]
        for (report, expected) in reports {
            let isNew = state.take(report)
            #expect(isNew == expected, "\(report)")
        }
        let messages = state.messages(limit: 10)
        #expect(messages.map(\.status) == [.queued, .undelivered])
        #expect(messages.map(\.errorCode) == [nil, "30003"])
        #expect(messages.map(\.at) == [now, now])
        #expect(messages.map(\.updatedAt) == [now, now.advanced(bySeconds: 3)])
    }

    @Test("every attempt that ended is in the list, the last thousand of them, newest first")
    func list() throws {
        var state = AlertsState()
        let generous = SMSLimits(
            testsPerUserDay: 9999, testsPerInstallationDay: 9999, perNumberHour: 9999)
        for number in 1...1001 {
            let purpose = number.isMultiple(of: 2) ? .alert : SMSAttempt.Purpose.test(.init(ada))
            let answer =
                number == 1001 ? AlertsSamples.failed("auth_failed") : AlertsSamples.queued(number)
            try state.add(AlertsSamples.attempt(purpose), answer, limits: generous)
        }
        let messages = state.messages(limit: 2000)
        #expect(messages.count == MessageHistory.messagesMax)
        #expect(messages.first?.errorCode == "auth_failed")
        #expect(messages.first?.providerMessageID == nil)
        #expect(messages.first?.isTest == true)
        #expect(messages.last?.providerMessageID == AlertsSamples.messageID(2))
        #expect(state.messages(limit: 3).map(\.status) == [.failed, .queued, .queued])
    }

    private let ada = AlertsSamples.ada.entity
}
