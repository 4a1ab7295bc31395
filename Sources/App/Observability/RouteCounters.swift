import Synchronization

/// The counts of one route. Each has a lock of its own, so that requests of different routes never
/// wait for each other.
package final class RouteCounters: Sendable {
    /// The upper bounds of the buckets in microseconds: from a session check to a password hash
    /// that had to queue.
    static let boundsMicroseconds: [Int64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
        5_000_000,
    ]

    struct Values: Sendable {
        /// 1xx…5xx at 0…4.
        var byStatusClass = [Int64](repeating: 0, count: 5)
        /// One more than there are bounds: the last counts what took longer.
        var byDuration = [Int64](repeating: 0, count: boundsMicroseconds.count + 1)
        var microseconds: Int64 = 0

        var total: Int64 { byDuration.reduce(0, +) }
    }

    private let values = Mutex(Values())

    package init() {}

    func add(status: Int, took: Duration) {
        let microseconds = took.microseconds
        let bucket = RouteCounters.boundsMicroseconds.firstIndex { microseconds <= $0 }
        values.withLock { values in
            values.byStatusClass[min(max(status / 100, 1), 5) - 1] += 1
            values.byDuration[bucket ?? RouteCounters.boundsMicroseconds.count] += 1
            values.microseconds += microseconds
        }
    }

    func read() -> Values { values.withLock { $0 } }
}
