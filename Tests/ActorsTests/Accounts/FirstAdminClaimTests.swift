import Actors
import Persistence
import TestSupport
import Testing

@Suite("The claim of the first admin")
struct FirstAdminClaimTests {
    private static let start = Timestamp(seconds: 1_800_000_000)
    private let installation = InstallationActor(
        recovered: InstallationState(), lastUsed: [:], log: MemoryLog(),
        random: SystemRandomSource())

    private static func user(_ number: UInt64) -> UserID {
        UserID(EntityID(shard: ShardID(1), high: number, low: 1))
    }

    private func claim(
        _ number: UInt64, after seconds: Int64 = 0, exists: Bool = false
    ) async throws -> Bool {
        try await installation.claimFirstAdmin(
            for: Self.user(number), at: Self.start.advanced(bySeconds: seconds)
        ) { _ in exists }
    }

    @Test("while one is under way nobody else's succeeds; afterwards the first account decides")
    func underWay() async throws {
        #expect(try await claim(1))
        #expect(try await !claim(2, after: 1))
        await installation.finishClaim(of: Self.user(1))
        #expect(try await !claim(3, after: 2, exists: true))
        // The first one's registration failed.
        #expect(try await claim(4, after: 3, exists: false))
    }

    @Test("finishing somebody else's claim changes nothing")
    func foreign() async throws {
        #expect(try await claim(1))
        await installation.finishClaim(of: Self.user(2))
        #expect(try await !claim(3, after: 1))
    }

    @Test("one that nobody finishes is over after a minute, also when the clock was set back")
    func abandoned() async throws {
        #expect(try await claim(1))
        #expect(try await !claim(2, after: 59))
        #expect(try await claim(3, after: 60))
        #expect(try await !claim(4, after: 61))
        #expect(try await claim(5, after: -60))
    }

    @Test("a new owner of the shard gives a claim the time that it has")
    func respected() async throws {
        await installation.respectClaim(at: Self.start)
        #expect(try await claim(1), "there was none")
        await installation.finishClaim(of: Self.user(1))
        await installation.respectClaim(at: Self.start.advanced(bySeconds: 10))
        #expect(try await !claim(2, after: 11))
        #expect(try await claim(3, after: 70))
    }
}
