import Actors
import Persistence
import TestSupport

/// Attempts, answers and logs for the tests of alerts.
enum AlertsSamples {
    static let now = Timestamp(milliseconds: 1_795_500_000_250)
    static let limits = SMSLimits(
        testsPerUserDay: 3, testsPerInstallationDay: 5, perNumberHour: 4)
    static let ada = user(1)
    static let bob = user(2)

    static func user(_ number: UInt64) -> UserID {
        UserID(EntityID(shard: ShardID(3), high: number, low: number))
    }

    static func hash(_ number: UInt64) -> KeyedHash {
        KeyedHash(high: number &* 0x9e37_79b9_7f4a_7c15, low: number)
    }

    static func attempt(
        to number: UInt64 = 1, _ purpose: SMSAttempt.Purpose = .alert, key: UInt64? = nil,
        request: UInt64 = 1, at: Timestamp = now
    ) -> SMSAttempt {
        SMSAttempt(
            at: at, purpose: purpose, recipient: hash(number),
            key: key.map { SMSAttempt.Key(name: hash(1000 + $0), request: hash(request)) },
            trace: TraceID(high: 7, low: 8))
    }

    static func messageID(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "SM" + String(repeating: "0", count: 32 - digits.count) + digits
    }

    static func queued(_ number: Int, at: Timestamp = now) -> SMSAnswer {
        SMSAnswer(at: at, status: .queued, providerMessageID: messageID(number), row: 5)
    }

    static func failed(
        _ code: String, _ effect: SMSAnswer.Effect = .none, at: Timestamp = now
    ) -> SMSAnswer {
        SMSAnswer(
            at: at, status: .failed, row: 6,
            failure: SMSAnswer.Failure(
                errorCode: code, message: "It failed.", suggestedFix: "Do better.",
                retryAfterSeconds: 2),
            effect: effect)
    }

    static func report(
        _ number: Int, _ status: SMSStatus, token: UInt64? = nil, errorCode: String? = nil,
        at: Timestamp = now
    ) -> SMSReport {
        SMSReport(
            providerMessageID: messageID(number), status: status, errorCode: errorCode, at: at,
            token: token.map { hash(5000 + $0) })
    }

    /// The state that the durable records of the log make, from one that has some of them.
    static func replay(_ log: MemoryLog, into state: inout AlertsState) throws {
        try log.read(from: [:]) { section in
            var reader = section.reader
            var record = section.firstRecord
            while !reader.isAtEnd {
                let stored = try RecordBatch.next(from: &reader)
                if AlertsEvent.kinds.contains(stored.kind) {
                    try state.replay(stored, record: record)
                }
                record += 1
            }
        }
    }

    static func replayed(_ log: MemoryLog) throws -> AlertsState {
        var state = AlertsState()
        try replay(log, into: &state)
        return state
    }

    static func restored(from parts: [SnapshotPart]) throws -> AlertsState {
        var state = AlertsState()
        for part in parts {
            while let chunk = part.nextChunk() {
                try state.restore(chunk: chunk, appliedRecord: part.appliedRecord)
            }
        }
        return state
    }
}

extension AlertsState {
    /// Begins and applies as the actor does, without a log; answers the attempt's number.
    @discardableResult
    mutating func add(
        _ attempt: SMSAttempt, _ answer: SMSAnswer? = nil,
        limits: SMSLimits = AlertsSamples.limits
    ) throws -> UInt64 {
        for event in try begin(attempt, limits) { apply(event, record: appliedRecord + 1) }
        let number = appliedRecord
        if let answer {
            for event in finish(number, answer) { apply(event, record: appliedRecord + 1) }
        }
        return number
    }

    mutating func take(_ report: SMSReport) -> Bool {
        let events = decide(report)
        for event in events { apply(event, record: appliedRecord + 1) }
        return !events.isEmpty
    }
}
