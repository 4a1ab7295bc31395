import Persistence
import TestSupport
import Testing

@testable import Actors

@Suite("Rate limits that travel with their shard")
struct RateLimiterShardTests {
    private static let shardCount = 16
    private static let policy = RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 3)
    private let start = Timestamp(seconds: 1_800_000_000)

    /// Of every kind, and at home in many shards.
    private static let keys: [RateKey] =
        (0..<40).map { .source(.v4(UInt32($0))) }
        + (0..<16).map { .user(UserID(EntityID(shard: ShardID($0), high: 2, low: 3))) }
        + [
            .source(.unknown), .phone(digest: TokenDigest(of: "+4915112345678".utf8)),
            .token(ServiceTokenID(EntityID(shard: ShardID(1), high: 2, low: 3))),
        ]

    private static func isAtHome(_ key: RateKey, in shard: ShardID) -> Bool {
        key.home(of: shardCount) == shard
    }

    private func limiters(taking count: Int = 0) async -> RateLimiters {
        let limiters = RateLimiters(policies: [.sms: Self.policy], bucketsMax: 10_000)
        for key in Self.keys {
            for _ in 0..<count { _ = await limiters.take(.sms, key, at: start) }
        }
        return limiters
    }

    private func remaining(_ limiters: RateLimiters, _ key: RateKey) async -> Int? {
        await limiters.peek(.sms, key, at: start)?.remaining
    }

    @Test("a shard that is given up takes its buckets along, and no others", arguments: 0..<16)
    func surrender(shard: UInt16) async throws {
        let shard = ShardID(shard)
        let (old, new) = (await limiters(taking: 2), await limiters(taking: 1))
        let chunks = await old.surrender(shard, of: Self.shardCount)
        try await new.adopt(chunks, of: shard, of: Self.shardCount, at: start)
        for key in Self.keys {
            let isMoved = Self.isAtHome(key, in: shard)
            #expect(await remaining(old, key) == (isMoved ? 3 : 1))
            #expect(await remaining(new, key) == (isMoved ? 1 : 2))
        }
    }

    @Test("what was counted here for a shard that was elsewhere counts for nothing")
    func late() async throws {
        let limiters = await limiters(taking: 3)
        try await limiters.adopt([], of: ShardID(5), of: Self.shardCount, at: start)
        for key in Self.keys {
            let isGone = Self.isAtHome(key, in: ShardID(5))
            #expect(await remaining(limiters, key) == (isGone ? 3 : 0))
        }
    }

    @Test("a chunk that can't be read changes nothing")
    func damaged() async throws {
        let limiters = await limiters(taking: 3)
        let chunks = await limiters.snapshotChunks()
        await #expect(throws: DecodingFault.self) {
            try await limiters.adopt(
                chunks + [[9]], of: ShardID(0), of: Self.shardCount, at: start)
        }
        for key in Self.keys { #expect(await remaining(limiters, key) == 0) }
    }

    @Test("parts of a snapshot are by shard, and only of those that have buckets")
    func parts() async throws {
        let byShard = await limiters(taking: 1).snapshotChunks(shardCount: Self.shardCount)
        for (index, chunks) in byShard.enumerated() {
            let shard = ShardID(UInt16(index))
            var found: Set<RateKey> = []
            let part = try #require(RateLimiters.snapshotPart(of: shard, chunks))
            #expect(part.kind == SnapshotPartKind.rateLimits.rawValue && part.shard == shard)
            while let chunk = part.nextChunk() {
                found.formUnion(try RateLimitEntry.decode(chunk).map(\.key))
            }
            #expect(found == Set(Self.keys.filter { Self.isAtHome($0, in: shard) }))
        }
        #expect(RateLimiters.snapshotPart(of: ShardID(0), []).map(\.shard) == nil)
    }

    // MARK: What is recovered

    private func adopted(_ recovered: RecoveredRateLimits) async throws -> RateLimiters {
        var recovered = recovered
        let limiters = await limiters()
        for index in 0..<Self.shardCount {
            let shard = ShardID(UInt16(index))
            try await limiters.adopt(
                recovered.take(shard), of: shard, of: Self.shardCount, at: start)
        }
        return limiters
    }

    @Test("the buckets of an older snapshot come to their shards, whichever is adopted first")
    func olderSnapshot() async throws {
        var recovered = RecoveredRateLimits(shardCount: Self.shardCount)
        for chunk in await limiters(taking: 2).snapshotChunks() {
            try recovered.restore(chunk, of: ShardID(0))
        }
        let limiters = try await adopted(recovered)
        for key in Self.keys { #expect(await remaining(limiters, key) == 1) }
    }

    @Test("what a shard's own snapshot says counts for more, in any order")
    func ownIsNewer() async throws {
        let old = await limiters(taking: 1).snapshotChunks()
        let own = await limiters(taking: 3).snapshotChunks(shardCount: Self.shardCount)
        for isOwnFirst in [true, false] {
            var recovered = RecoveredRateLimits(shardCount: Self.shardCount)
            if isOwnFirst { for chunk in own[5] { try recovered.restore(chunk, of: ShardID(5)) } }
            for chunk in old { try recovered.restore(chunk, of: ShardID(0)) }
            if !isOwnFirst { for chunk in own[5] { try recovered.restore(chunk, of: ShardID(5)) } }
            let limiters = try await adopted(recovered)
            for key in Self.keys {
                let isOwn = Self.isAtHome(key, in: ShardID(5))
                #expect(await remaining(limiters, key) == (isOwn ? 0 : 2))
            }
        }
    }

    @Test("a shard that is read anew forgets what it had; what is put back is taken again")
    func resetAndPut() async throws {
        var recovered = RecoveredRateLimits(shardCount: Self.shardCount)
        let own = await limiters(taking: 3).snapshotChunks(shardCount: Self.shardCount)
        for (index, chunks) in own.enumerated() {
            for chunk in chunks { try recovered.restore(chunk, of: ShardID(UInt16(index))) }
        }
        let given = recovered.take(ShardID(4))
        #expect(recovered.take(ShardID(4)).isEmpty)
        recovered.put(given, of: ShardID(4))
        recovered.reset(ShardID(7))
        let limiters = try await adopted(recovered)
        for key in Self.keys {
            let isGone = Self.isAtHome(key, in: ShardID(7))
            #expect(await remaining(limiters, key) == (isGone ? 3 : 0))
        }
        #expect(throws: DecodingFault.self) { try recovered.restore(given[0], of: ShardID(16)) }
    }
}
