import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// The power goes at any moment, again and again, and what was acknowledged is there every time.
@Suite("Power loss")
struct CrashTests {
    /// How many histories are tried; the command line can ask for many more.
    private static let seedCount =
        ProcessInfo.processInfo.environment["COUNTERSIGN_CRASH_SEEDS"].flatMap { Int($0) } ?? 150

    @Test("what was acknowledged survives power loss at any moment, in order and without a gap")
    func anyMoment() async throws {
        for seed in 0..<Self.seedCount {
            var history = CrashHistory(seed: UInt64(seed))
            do {
                try await history.run()
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test("a first start that was interrupted anywhere can be repeated")
    func firstStart() async throws {
        // Far more operations than a first start has; the last ones interrupt the first append.
        for operations in 0..<40 {
            for isCarriedOut in [false, true] {
                let random = SeededRandom(seed: UInt64(operations))
                let disk = FaultyFileSystem()
                disk.cutPower(afterOperations: operations, isCarriedOut: isCarriedOut)
                let log = try? Fixture.open(in: disk, onFatal: { _ in })
                await log?.shutDown()
                let after = disk.powerLoss(random: random)
                let again = try Fixture.open(in: after)
                #expect(try again.records().isEmpty)
                try await again.put(TestRecord("one"))
                await again.shutDown()
            }
        }
    }
}
