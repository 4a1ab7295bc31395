import Synchronization

/// How often something was how large, or took how long, in buckets with fixed upper bounds: what
/// Prometheus calls a histogram. Cheap enough to be kept of everything that is done.
package final class Histogram: Sendable {
    package struct Values: Sendable {
        /// One more than there are bounds: the last counts what was larger than all of them.
        package fileprivate(set) var counts: [UInt64]
        package fileprivate(set) var sum: Int64 = 0

        package var total: UInt64 { counts.reduce(0, +) }
    }

    /// Ascending, each belonging to its bucket.
    package let bounds: [Int64]
    private let values: Mutex<Values>

    package init(bounds: [Int64]) {
        self.bounds = bounds
        values = Mutex(Values(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    package func add(_ value: Int64) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        values.withLock { values in
            values.counts[bucket] += 1
            values.sum += value
        }
    }

    package func read() -> Values { values.withLock { $0 } }
}
