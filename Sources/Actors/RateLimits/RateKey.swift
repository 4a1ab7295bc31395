package import Persistence

/// Who a bucket belongs to.
package enum RateKey: Hashable, Sendable {
    case source(SourceBucket)
    case user(UserID)
    case token(ServiceTokenID)
    /// A telephone number by its digest, so that neither memory nor snapshot lists numbers.
    case phone(digest: TokenDigest)

    /// The shard whose owner keeps the bucket: the user's own, and the installation's for what
    /// there is once in it. Sources are spread over all, the same on every server.
    package func home(of shardCount: Int) -> ShardID {
        switch self {
        case .user(let id): Int(id.shard.rawValue) < shardCount ? id.shard : ShardID(0)
        case .token, .phone: ShardID(0)
        case .source(let bucket): ShardID(UInt16(bucket.spread % UInt64(shardCount)))
        }
    }
}

extension SourceBucket {
    /// Neighbours come to different numbers. Servers of a cluster must agree on it, so it is no
    /// seeded hash; who aims at one shard reaches a bucket of its own and nothing else.
    fileprivate var spread: UInt64 {
        switch self {
        case .unknown: 0
        case .v4(let bits): Self.mix(UInt64(bits))
        case .v6(let network): Self.mix(network)
        }
    }

    /// The finaliser of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension ByteWriter {
    package mutating func write(_ key: RateKey) {
        switch key {
        case .source(let bucket):
            write(UInt8(1))
            write(bucket)
        case .user(let id):
            write(UInt8(2))
            write(id)
        case .token(let id):
            write(UInt8(3))
            write(id)
        case .phone(let digest):
            write(UInt8(4))
            write(digest)
        }
    }
}

extension ByteReader {
    package mutating func readRateKey() throws(DecodingFault) -> RateKey {
        switch try read(UInt8.self) {
        case 1: .source(try readSourceBucket())
        case 2: .user(try readIdentifier())
        case 3: .token(try readIdentifier())
        case 4: .phone(digest: try readDigest())
        case let other: throw .invalidValue("rate key \(other)")
        }
    }
}
