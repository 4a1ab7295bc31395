package import Persistence

/// A fact about text messages; all of them live in shard 0.
package enum AlertsEvent: Sendable, Hashable {
    /// An attempt begins, named by this record's ordinal. Durable before anything leaves: one that
    /// has no answer after a crash may have been sent, and is not sent again.
    case attempted(SMSAttempt)
    case answered(attempt: UInt64, SMSAnswer)
    /// The provider told us how far a message has come.
    case reported(SMSReport)

    /// Numbers on disk; never reused. 220–239 belong to alerts.
    private enum Kind: UInt16 {
        case attempted = 220
        case answered = 221
        case reported = 222
    }

    package static let kinds: ClosedRange<UInt16> = 220...239
}

extension AlertsEvent: LogRecord {
    package var version: UInt8 { 1 }

    package var kind: UInt16 {
        let kind: Kind =
            switch self {
            case .attempted: .attempted
            case .answered: .answered
            case .reported: .reported
            }
        return kind.rawValue
    }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .attempted(let attempt):
            writer.write(attempt)
        case .answered(let attempt, let answer):
            writer.write(attempt)
            writer.write(answer)
        case .reported(let report):
            writer.write(report)
        }
    }

    package init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        guard version == 1, let known = Kind(rawValue: kind) else {
            throw .unknownKind(kind, version: version)
        }
        switch known {
        case .attempted:
            self = .attempted(try reader.readSMSAttempt())
        case .answered:
            let attempt = try reader.read(UInt64.self)
            self = .answered(attempt: attempt, try reader.readSMSAnswer())
        case .reported:
            self = .reported(try reader.readSMSReport())
        }
    }
}
