import DequeModule
package import Persistence

/// Everything that is known of text messages: keys with their answers, limits, numbers that want
/// none, and how far each of the last messages has come. Pure: `begin` and `decide` say what is to
/// be (`AlertsState+Rules.swift`), `apply` makes a record count. No number and no text is in here.
package struct AlertsState: Sendable, Equatable {
    package private(set) var appliedRecord: UInt64 = 0
    /// Attempts without an answer, by their record's ordinal.
    package private(set) var underWay: [UInt64: SMSAttempt] = [:]
    private(set) var keys = SendKeyIndex()
    private(set) var history = MessageHistory()
    private(set) var tests = SendWindow<UserID>(seconds: AlertsState.testWindowSeconds)
    private(set) var numbers = SendWindow<KeyedHash>(seconds: AlertsState.numberWindowSeconds)
    /// Numbers that have opted out, and until when we believe it.
    private(set) var optOuts: [KeyedHash: Timestamp] = [:]
    /// Names of reports that were taken, oldest first.
    private(set) var tokens: Deque<KeyedHash> = []

    package static let testWindowSeconds: Int64 = 86_400
    package static let numberWindowSeconds: Int64 = 3600
    /// Whoever opted out can opt in again by texting START to the provider, which does not tell us.
    /// So after 30 days the provider is asked again; it refuses again where nothing has changed.
    package static let optOutSeconds: Int64 = 30 * 86_400
    /// Those that would be asked again first make room.
    package static let optOutsMax = 100_000
    /// Twilio repeats a report within minutes; a message has about four.
    package static let tokensMax = 4096

    package init() {}

    // MARK: Facts

    package mutating func apply(_ event: AlertsEvent, record: UInt64) {
        appliedRecord = record
        switch event {
        case .attempted(let attempt):
            underWay[record] = attempt
            numbers.insert(attempt.recipient, at: attempt.at)
            if case .test(let user) = attempt.purpose { tests.insert(user, at: attempt.at) }
            if let key = attempt.key {
                keys.insert(
                    SendKeyIndex.Entry(
                        name: key.name, request: key.request, attempt: record, at: attempt.at))
            }
        case .answered(let number, let answer):
            guard let attempt = underWay.removeValue(forKey: number) else { return }
            history.append(SMSMessage(number, attempt, answer))
            apply(answer, to: attempt, number)
        case .reported(let report):
            history.learn(report)
            guard let token = report.token else { return }
            tokens.append(token)
            if tokens.count > Self.tokensMax { tokens.removeFirst() }
        }
    }

    private mutating func apply(_ answer: SMSAnswer, to attempt: SMSAttempt, _ number: UInt64) {
        if let key = attempt.key { keys.settle(key.name, attempt: number, answer) }
        switch answer.effect {
        case .none: break
        case .keyIsFree:
            if let key = attempt.key { keys.free(key.name, attempt: number) }
        case .optedOut:
            optOut(attempt.recipient, at: answer.at)
        }
    }

    private mutating func optOut(_ recipient: KeyedHash, at now: Timestamp) {
        optOuts[recipient] = now.advanced(bySeconds: Self.optOutSeconds)
        guard optOuts.count > Self.optOutsMax else { return }
        let first = optOuts.min { ($0.value, $0.key.low) < ($1.value, $1.key.low) }
        if let first { optOuts[first.key] = nil }
    }

    // MARK: Questions

    /// Newest first.
    package func messages(limit: Int) -> [SMSMessage] { history.messages.suffix(limit).reversed() }

    // MARK: Recovery

    package mutating func replay(_ stored: StoredRecord, record: UInt64) throws(DecodingFault) {
        guard record > appliedRecord else { return }
        var reader = stored.reader
        let event = try AlertsEvent(kind: stored.kind, version: stored.version, from: &reader)
        guard reader.isAtEnd else { throw .invalidValue("bytes after record \(record)") }
        apply(event, record: record)
    }

    package mutating func restore(
        chunk: [UInt8], appliedRecord: UInt64
    ) throws(DecodingFault) {
        self.appliedRecord = appliedRecord
        var reader = ByteReader(chunk)
        while !reader.isAtEnd {
            switch try AlertsItem(from: &reader) {
            case .underWay(let number, let attempt): underWay[number] = attempt
            case .key(let entry): keys.restore(entry)
            case .message(let message): history.append(message)
            case .test(let send): tests.add(send)
            case .number(let send): numbers.add(send)
            case .optOut(let recipient, let until): optOuts[recipient] = until
            case .token(let token): tokens.append(token)
            }
        }
    }
}
