import Actors
import Persistence
import Testing

@testable import App

@Suite("How snapshots go")
struct SnapshotHealthTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let error = StorageError.system(operation: "write", path: "snapshot", errno: 28)

    @Test("a failure is told since its first time, with its newest reason, until a success")
    func failures() throws {
        let health = SnapshotHealth()
        #expect(health.lastFailure == nil)
        health.failed(error, at: now)
        health.failed(
            StorageError.system(operation: "sync", path: "snapshot", errno: 5),
            at: now.advanced(bySeconds: 60))
        let failure = try #require(health.lastFailure)
        #expect(failure.since == now)
        #expect(failure.reason.contains("sync") && failure.reason.hasSuffix("."))
        health.succeeded(at: Timestamp(seconds: 3), took: .milliseconds(5))
        #expect(health.lastFailure == nil)
        health.failed(error, at: now.advanced(bySeconds: 120))
        #expect(health.lastFailure?.since == now.advanced(bySeconds: 120))
    }
}
