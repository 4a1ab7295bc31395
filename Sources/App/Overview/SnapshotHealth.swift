import Actors
import Synchronization

/// How the last try to write a snapshot went.
final class SnapshotHealth: Sendable {
    private let failure = Mutex<(reason: String, since: Timestamp)?>(nil)

    /// Since the first failure in a row; nil when the last try went well.
    var lastFailure: (reason: String, since: Timestamp)? { failure.withLock { $0 } }

    func succeeded() { failure.withLock { $0 = nil } }

    func failed(_ error: any Error, at now: Timestamp) {
        failure.withLock { $0 = ("\(error).", $0?.since ?? now) }
    }
}
