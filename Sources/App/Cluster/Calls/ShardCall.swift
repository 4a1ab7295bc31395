import Actors
import Persistence

/// What one server asks another about a shard that the other one owns.
enum ShardCall: Equatable, Sendable {
    case authenticate(ShardID, TokenDigest)
    case claimFirstAdmin(UserID)
    case finishClaim(UserID)
    case exists(UserID)
    case find(EmailAddress)
    case users(ShardID, offset: Int, limit: Int)
    case counts(ShardID)
    case activities(ShardID, TraceID)
    case take(RateClass, RateKey)
    /// An `OperatorCommand` in JSON, which is how the control socket has it, too.
    case perform(ShardID, command: [UInt8])

    /// Of one page: some 200 KB.
    static let usersMax = 500

    /// Whose owner has the answer.
    func home(of shardCount: Int) -> ShardID {
        switch self {
        case .authenticate(let shard, _), .users(let shard, _, _), .counts(let shard),
            .activities(let shard, _), .perform(let shard, _):
            shard
        case .exists(let user): user.shard
        case .find(let email): email.shard(of: shardCount)
        case .claimFirstAdmin, .finishClaim: InstallationActor.shard
        case .take(_, let key): key.home(of: shardCount)
        }
    }
}

extension ShardCall {
    /// Servers of another version may run beside this one while a cluster is updated: what one does
    /// not understand it answers as such.
    private static let version: UInt8 = 1

    /// Numbers in messages; never given to another call.
    private enum Kind: UInt8 {
        case authenticate = 1
        case claimFirstAdmin = 2
        case finishClaim = 3
        case exists = 4
        case users = 5
        case counts = 6
        case activities = 7
        case take = 8
        case perform = 9
        case find = 10
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.version)
        writer.write(kind.rawValue)
        switch self {
        case .authenticate(let shard, let digest):
            writer.write(shard.rawValue)
            writer.write(digest)
        case .claimFirstAdmin(let user), .finishClaim(let user), .exists(let user):
            writer.write(user)
        case .find(let email):
            writer.write(email.normalised)
        case .users(let shard, let offset, let limit):
            writer.write(shard.rawValue)
            writer.write(UInt32(clamping: offset))
            writer.write(UInt16(clamping: limit))
        case .counts(let shard):
            writer.write(shard.rawValue)
        case .activities(let shard, let trace):
            writer.write(shard.rawValue)
            writer.write(trace)
        case .take(let rateClass, let key):
            writer.write(rateClass.rawValue)
            writer.write(key)
        case .perform(let shard, let command):
            writer.write(shard.rawValue)
            writer.writeRaw(command)
        }
        return writer.bytes
    }

    private var kind: Kind {
        switch self {
        case .authenticate: .authenticate
        case .claimFirstAdmin: .claimFirstAdmin
        case .finishClaim: .finishClaim
        case .exists: .exists
        case .find: .find
        case .users: .users
        case .counts: .counts
        case .activities: .activities
        case .take: .take
        case .perform: .perform
        }
    }

    init(_ bytes: [UInt8]) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self) == Self.version,
            let kind = Kind(rawValue: try reader.read(UInt8.self))
        else { throw .invalidValue("no call of this version") }
        switch kind {
        case .authenticate:
            self = .authenticate(try reader.readShard(), try reader.readDigest())
        case .claimFirstAdmin: self = .claimFirstAdmin(try reader.readUserID())
        case .finishClaim: self = .finishClaim(try reader.readUserID())
        case .exists: self = .exists(try reader.readUserID())
        case .find: self = .find(try reader.readEmail())
        case .users:
            let shard = try reader.readShard()
            let offset = Int(try reader.read(UInt32.self))
            let limit = Int(try reader.read(UInt16.self))
            guard limit <= Self.usersMax else { throw .invalidValue("a page of \(limit)") }
            self = .users(shard, offset: offset, limit: limit)
        case .counts: self = .counts(try reader.readShard())
        case .activities: self = .activities(try reader.readShard(), try reader.readTraceID())
        case .take:
            let name = try reader.readString()
            guard let rateClass = RateClass(rawValue: name) else {
                throw .invalidValue("the limit \(name)")
            }
            self = .take(rateClass, try reader.readRateKey())
        case .perform:
            let shard = try reader.readShard()
            self = .perform(shard, command: try reader.readRaw(reader.remaining))
        }
        guard reader.isAtEnd else { throw .invalidValue("\(reader.remaining) bytes too many") }
    }
}

extension ByteReader {
    fileprivate mutating func readShard() throws(DecodingFault) -> ShardID {
        ShardID(try read(UInt16.self))
    }

    /// Only in the form that accounts are kept under.
    fileprivate mutating func readEmail() throws(DecodingFault) -> EmailAddress {
        let text = try readString()
        guard let email = try? EmailAddress(text), email.normalised == text else {
            throw .invalidValue("an address")
        }
        return email
    }
}
