import Actors
import Persistence

/// What the owner of a shard says to a `ShardCall`.
enum ShardAnswer: Equatable, Sendable {
    /// The shard is not here; nothing was done.
    case misdirected
    /// The shard was lost while it was asked: nothing that was read may be said.
    case notReady
    case storage(AppendError)
    /// A call of another version.
    case notUnderstood
    case principal(SessionPrincipal?)
    case flag(Bool)
    case found(UserID?)
    case done
    case users([UserView])
    case counts(ShardCounts)
    case activities([TracedActivity])
    case decision(RateLimitDecision?)
    /// An `OperatorReply` in JSON.
    case reply([UInt8])
}

extension ShardAnswer {
    private static let version: UInt8 = 1

    /// Numbers in messages; never given to another answer.
    private enum Kind: UInt8 {
        case misdirected = 1
        case notReady = 2
        case storage = 3
        case notUnderstood = 4
        case principal = 5
        case flag = 6
        case done = 7
        case users = 8
        case counts = 9
        case activities = 10
        case decision = 11
        case reply = 12
        case found = 13
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.version)
        writer.write(kind.rawValue)
        switch self {
        case .misdirected, .notReady, .notUnderstood, .done: break
        case .storage(let error): writer.write(error)
        case .principal(let principal): writer.writeOptional(principal) { $0.write($1) }
        case .flag(let flag): writer.write(flag)
        case .found(let user): writer.writeOptional(user) { $0.write($1) }
        case .users(let users): writer.writeArray(users) { $0.write($1) }
        case .counts(let counts): writer.write(counts)
        case .activities(let found):
            writer.writeArray(found) { writer, each in
                writer.write(each.user)
                writer.write(each.activity)
            }
        case .decision(let decision): writer.writeOptional(decision) { $0.write($1) }
        case .reply(let json): writer.writeRaw(json)
        }
        return writer.bytes
    }

    private var kind: Kind {
        switch self {
        case .misdirected: .misdirected
        case .notReady: .notReady
        case .storage: .storage
        case .notUnderstood: .notUnderstood
        case .principal: .principal
        case .flag: .flag
        case .found: .found
        case .done: .done
        case .users: .users
        case .counts: .counts
        case .activities: .activities
        case .decision: .decision
        case .reply: .reply
        }
    }

    init(_ bytes: [UInt8]) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self) == Self.version,
            let kind = Kind(rawValue: try reader.read(UInt8.self))
        else { throw .invalidValue("no answer of this version") }
        self = try Self.answer(kind, &reader)
        guard reader.isAtEnd else { throw .invalidValue("\(reader.remaining) bytes too many") }
    }

    private static func answer(
        _ kind: Kind, _ reader: inout ByteReader
    ) throws(DecodingFault) -> ShardAnswer {
        switch kind {
        case .misdirected: .misdirected
        case .notReady: .notReady
        case .notUnderstood: .notUnderstood
        case .done: .done
        case .storage: .storage(try reader.readAppendError())
        case .principal:
            .principal(
                try reader.readOptional { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readSessionPrincipal()
                })
        case .flag: .flag(try reader.readBool())
        case .found:
            .found(
                try reader.readOptional { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readUserID()
                })
        case .users:
            .users(
                try reader.readArray { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readUserView()
                })
        case .counts: .counts(try reader.readShardCounts())
        case .activities:
            .activities(
                try reader.readArray { (reader: inout ByteReader) throws(DecodingFault) in
                    let user = try reader.readUserID()
                    return TracedActivity(user: user, activity: try reader.readActivity())
                })
        case .decision:
            .decision(
                try reader.readOptional { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readRateLimitDecision()
                })
        case .reply: .reply(try reader.readRaw(reader.remaining))
        }
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ error: AppendError) {
        switch error {
        case .full: write(UInt8(1))
        case .overloaded: write(UInt8(2))
        case .fenced: write(UInt8(3))
        }
    }
}

extension ByteReader {
    fileprivate mutating func readAppendError() throws(DecodingFault) -> AppendError {
        switch try read(UInt8.self) {
        case 1: .full
        case 2: .overloaded
        case 3: .fenced
        case let other: throw .invalidValue("refusal \(other)")
        }
    }
}
