import Testing

@testable import Persistence

@Suite("The pace of commits")
struct CommitPaceTests {
    @Test(
        "the more appends a commit has, the longer until the next; few make none wait",
        arguments: [
            (0, 0), (1, 0), (7, 0), (8, 500_000), (23, 500_000), (24, 1_000_000),
            (10_000, 1_000_000),
        ] as [(Int, UInt64)])
    func steps(appendCount: Int, nanoseconds: UInt64) {
        #expect(CommitPace.spacingNanoseconds(appendCount: appendCount) == nanoseconds)
    }

    @Test("the wait is what is left of the spacing, and is over when it has passed")
    func waits() {
        let clock = ContinuousClock()
        var pace = CommitPace()
        let start = clock.now
        pace.began(appendCount: 24)
        pace.wait()
        #expect(clock.now - start >= .nanoseconds(1_000_000))
    }
}
