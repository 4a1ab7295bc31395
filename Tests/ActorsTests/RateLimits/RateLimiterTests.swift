import Persistence
import TestSupport
import Testing

@testable import Actors

@Suite struct RateLimitTableTests {
    private static let policy = RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 3)
    private let start = Timestamp(seconds: 1_800_000_000)

    private func table(bucketsMax: Int = 10_000) -> RateLimitTable {
        RateLimitTable(policies: [.signIn: Self.policy], bucketsMax: bucketsMax)
    }

    private static func key(_ number: Int) -> RateKey { .source(.v4(UInt32(number))) }

    @Test("a class without a policy is unlimited and needs no memory")
    func unlimited() {
        var table = table()
        for _ in 0..<1000 { #expect(table.take(.ingest, Self.key(1), at: start) == nil) }
        #expect(table.peek(.ingest, Self.key(1), at: start) == nil)
        #expect(table.count == 0)
    }

    @Test("keys and classes do not share a bucket")
    func separate() {
        var table = RateLimitTable(
            policies: [.signIn: Self.policy, .registration: Self.policy], bucketsMax: 100)
        for _ in 0..<3 { _ = table.take(.signIn, Self.key(1), at: start) }
        #expect(table.take(.signIn, Self.key(1), at: start)?.isAllowed == false)
        #expect(table.take(.signIn, Self.key(2), at: start)?.isAllowed == true)
        #expect(table.take(.registration, Self.key(1), at: start)?.isAllowed == true)
    }

    @Test("a clock that is set back neither gives nor takes")
    func clockSetBack() {
        var table = table()
        for _ in 0..<3 { _ = table.take(.signIn, Self.key(1), at: start) }
        let back = start.advanced(bySeconds: -86_400)
        #expect(table.take(.signIn, Self.key(1), at: back)?.isAllowed == false)
        #expect(table.take(.signIn, Self.key(1), at: back)?.retryAfterSeconds == 1)
        let later = back.advanced(bySeconds: 1)
        #expect(table.take(.signIn, Self.key(1), at: later)?.isAllowed == true)
        #expect(table.take(.signIn, Self.key(1), at: later)?.isAllowed == false)
    }

    @Test("full buckets are dropped")
    func dropsFull() {
        var table = table()
        for number in 0..<1000 { _ = table.take(.signIn, Self.key(number), at: start) }
        #expect(table.count == 1000)
        let later = start.advanced(bySeconds: 10)
        for number in 5000..<6000 { _ = table.take(.signIn, Self.key(number), at: later) }
        #expect(table.count <= 1024)
    }

    @Test("the number of buckets is bounded, and those that have spent most are kept")
    func bounded() {
        var table = table(bucketsMax: 2000)
        for _ in 0..<3 { _ = table.take(.signIn, Self.key(0), at: start) }
        for number in 1..<20_000 {
            _ = table.take(.signIn, Self.key(number), at: start)
            #expect(table.count <= 2000)
        }
        #expect(table.count > 1000)
        #expect(table.take(.signIn, Self.key(0), at: start)?.isAllowed == false)
    }
}

@Suite struct RateLimiterSnapshotTests {
    private static let policy = RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 3)
    private let start = Timestamp(seconds: 1_800_000_000)

    private static let keys: [RateKey] = [
        .source(.v4(7)), .source(.v6(network: 7)), .source(.unknown),
        .user(UserID(EntityID(shard: ShardID(1), high: 2, low: 3))),
        .token(ServiceTokenID(EntityID(shard: ShardID(1), high: 2, low: 3))),
        .phone(digest: TokenDigest(of: "+4915112345678".utf8)),
    ]

    private func limiters(_ policy: RateLimitPolicy = policy) -> RateLimiters {
        RateLimiters(policies: [.sms: policy], bucketsMax: 10_000)
    }

    @Test("buckets survive a restart, and the time between counts")
    func restores() async throws {
        let old = limiters()
        for key in Self.keys {
            for _ in 0..<3 { _ = await old.take(.sms, key, at: start) }
        }
        let new = limiters()
        let later = start.advanced(bySeconds: 2)
        for chunk in await old.snapshotChunks() { try await new.restore(chunk: chunk, at: later) }
        for key in Self.keys {
            #expect(await new.peek(.sms, key, at: later)?.remaining == 2)
            #expect(await new.take(.sms, key, at: later)?.isAllowed == true)
            #expect(await new.take(.sms, key, at: later)?.isAllowed == true)
            #expect(await new.take(.sms, key, at: later)?.isAllowed == false)
        }
    }

    @Test("a restart with the clock set back gives nothing and takes nothing")
    func clockSetBack() async throws {
        let old = limiters()
        for _ in 0..<3 { _ = await old.take(.sms, Self.keys[0], at: start) }
        let new = limiters()
        let back = start.advanced(bySeconds: -3600)
        for chunk in await old.snapshotChunks() { try await new.restore(chunk: chunk, at: back) }
        #expect(await new.take(.sms, Self.keys[0], at: back)?.isAllowed == false)
        #expect(
            await new.take(.sms, Self.keys[0], at: back.advanced(bySeconds: 1))?.isAllowed == true)
    }

    @Test("a bucket fits a policy that has changed meanwhile")
    func otherPolicy() async throws {
        let old = limiters()
        for _ in 0..<3 { _ = await old.take(.sms, Self.keys[0], at: start) }
        let chunks = await old.snapshotChunks()
        let larger = limiters(RateLimitPolicy(quota: 600, windowSeconds: 3600, burst: 10))
        let smaller = limiters(RateLimitPolicy(quota: 1, windowSeconds: 60, burst: 1))
        let none = RateLimiters(policies: [:])
        for chunk in chunks {
            try await larger.restore(chunk: chunk, at: start)
            try await smaller.restore(chunk: chunk, at: start)
            try await none.restore(chunk: chunk, at: start)
        }
        #expect(await larger.peek(.sms, Self.keys[0], at: start)?.remaining == 7)
        #expect(await smaller.peek(.sms, Self.keys[0], at: start)?.retryAfterSeconds == 60)
        #expect(await none.peek(.sms, Self.keys[0], at: start) == nil)
    }

    @Test("many buckets are split into chunks that are restored one by one")
    func chunks() async throws {
        let limiter = RateLimiter(policies: [.sms: Self.policy])
        for number in UInt32(0)..<5000 {
            _ = await limiter.take(.sms, .source(.v4(number)), at: start)
        }
        let chunks = await limiter.snapshotChunks()
        #expect(chunks.count == 3)
        let restored = RateLimiter(policies: [.sms: Self.policy])
        for chunk in chunks { try await restored.restore(chunk: chunk, at: start) }
        #expect(await restored.count == 5000)
        #expect(await restored.peek(.sms, .source(.v4(4999)), at: start)?.remaining == 2)
    }

    @Test("damaged chunks are refused, and nothing of them is kept")
    func damaged() async throws {
        let old = RateLimiter(policies: [.sms: Self.policy])
        for key in Self.keys { _ = await old.take(.sms, key, at: start) }
        let chunk = try #require(await old.snapshotChunks().first)
        let new = RateLimiter(policies: [.sms: Self.policy])
        for count in 0..<chunk.count {
            await #expect(throws: DecodingFault.self) {
                try await new.restore(chunk: Array(chunk.prefix(count)), at: start)
            }
        }
        await #expect(throws: DecodingFault.self) {
            try await new.restore(chunk: chunk + [0], at: start)
        }
        await #expect(throws: DecodingFault.self) {
            try await new.restore(chunk: [2] + chunk.dropFirst(), at: start)
        }
        #expect(await new.count == 0)
    }

    @Test("100 parallel requests of one key take exactly the burst")
    func parallel() async {
        let limiters = limiters()
        let start = start
        let allowed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    await limiters.take(.sms, .source(.v4(1)), at: start)?.isAllowed == true
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(allowed == 3)
    }

    @Test("the names of the classes are those of the configuration")
    func names() {
        #expect(
            RateClass.allCases.map(\.rawValue) == [
                "sign_in", "registration", "sms_test", "sms", "reads", "ingest", "calls", "probe",
            ])
    }
}
