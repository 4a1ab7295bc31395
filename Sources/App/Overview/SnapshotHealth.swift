import Actors
import Synchronization

/// How the last tries to write a snapshot went.
final class SnapshotHealth: Sendable {
    struct Success: Sendable {
        let at: Timestamp
        let took: Duration
    }

    private struct State: Sendable {
        var failure: (reason: String, since: Timestamp)?
        var success: Success?
        var count: UInt64 = 0
        var failures: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Since the first failure in a row; nil when the last try went well.
    var lastFailure: (reason: String, since: Timestamp)? { state.withLock { $0.failure } }

    /// Of this process; nil until there is one.
    var lastSuccess: Success? { state.withLock { $0.success } }

    var counts: (written: UInt64, failed: UInt64) {
        state.withLock { ($0.count, $0.failures) }
    }

    func succeeded(at now: Timestamp, took: Duration) {
        state.withLock { state in
            state.failure = nil
            state.success = Success(at: now, took: took)
            state.count += 1
        }
    }

    func failed(_ error: any Error, at now: Timestamp) {
        state.withLock { state in
            state.failure = ("\(error).", state.failure?.since ?? now)
            state.failures += 1
        }
    }
}
