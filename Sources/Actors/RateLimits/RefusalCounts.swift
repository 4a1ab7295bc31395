import Synchronization

/// How many requests each limit has refused.
final class RefusalCounts: Sendable {
    private let counts = Mutex<[RateClass: UInt64]>([:])

    var all: [RateClass: UInt64] { counts.withLock { $0 } }

    func add(_ rateClass: RateClass) { counts.withLock { $0[rateClass, default: 0] += 1 } }
}
