private import Histogram

/// Latencies of one kind, recorded in nanoseconds by one thread and merged when the run is over.
/// A bounded number of counters whatever is recorded (HdrHistogram), so recording never allocates.
package struct LatencyHistogram: Sendable {
    /// How far a recorded value may be from the true one.
    package enum Precision: Sendable {
        /// 0.1 %, for results.
        case fine
        /// 1 %, for the many histograms of a series: one for each second.
        case coarse
    }

    private var counts: Histogram<UInt64>
    private var sumNanoseconds: UInt64 = 0

    /// Latencies below it are not told apart: the clock and the kernel are not that exact.
    private static let lowestNanoseconds: UInt64 = 64
    /// Longer than any timeout that the tool allows; what is longer is recorded as this.
    package static let highestNanoseconds: UInt64 = 600_000_000_000

    package init(_ precision: Precision = .fine) {
        counts = Histogram(
            lowestDiscernibleValue: Self.lowestNanoseconds,
            highestTrackableValue: Self.highestNanoseconds,
            numberOfSignificantValueDigits: precision == .fine ? .three : .two)
    }

    package var count: UInt64 { counts.totalCount }

    package mutating func record(_ nanoseconds: UInt64) {
        let value = min(nanoseconds, Self.highestNanoseconds)
        sumNanoseconds &+= value
        counts.record(value)
    }

    /// Also records the latencies that requests would have had that were not sent because this one
    /// kept its connection busy: one for each expected interval that passed meanwhile.
    package mutating func record(_ nanoseconds: UInt64, expectedInterval: UInt64) {
        record(nanoseconds)
        guard expectedInterval > 0 else { return }
        var missing = min(nanoseconds, Self.highestNanoseconds)
        while missing >= 2 * expectedInterval {
            missing -= expectedInterval
            record(missing)
        }
    }

    package mutating func add(_ other: LatencyHistogram) {
        counts.add(other.counts)
        sumNanoseconds &+= other.sumNanoseconds
    }

    // MARK: Reading

    package var meanNanoseconds: Double {
        count == 0 ? 0 : Double(sumNanoseconds) / Double(count)
    }

    package var minNanoseconds: UInt64 { counts.min }
    package var maxNanoseconds: UInt64 { counts.maxRecorded }

    /// The smallest value that at least this share (0…1) of all recorded values do not exceed.
    package func nanoseconds(at quantile: Double) -> UInt64 {
        counts.valueAtPercentile(quantile * 100)
    }

    /// Points of the curve of latency by percentile, closer together towards the rare end.
    package func curve() -> [(quantile: Double, nanoseconds: UInt64)] {
        guard count > 0 else { return [] }
        var points: [(quantile: Double, nanoseconds: UInt64)] = []
        var remaining = 1.0
        // Beyond one in `count` there is no value to tell; the rest is for rounding.
        while remaining * Double(count) >= 0.999, points.count < Self.curvePointsMax {
            points.append((1 - remaining, nanoseconds(at: 1 - remaining)))
            remaining *= Self.curveStep
        }
        points.append((1, maxNanoseconds))
        return points
    }

    /// Counts in bins from the least to the greatest latency, twenty to each power
    /// of ten: all as wide on a logarithmic axis.
    package func bins() -> [(from: UInt64, to: UInt64, count: UInt64)] {
        guard count > 0 else { return [] }
        var bins: [(from: UInt64, to: UInt64, count: UInt64)] = []
        var from = max(minNanoseconds, Self.lowestNanoseconds)
        var counted: UInt64 = 0
        while counted < count, bins.count < Self.binsMax {
            let to = UInt64((Double(from) * Self.binFactor).rounded(.up))
            let upTo = counts.count(within: 0...to - 1)
            bins.append((from, to, upTo - counted))
            counted = upTo
            from = to
        }
        return bins
    }

    /// 10^(1/20): twenty bins for each power of ten.
    private static let binFactor = 1.122_018_454_301_963
    /// From the lowest to the highest latency there are 200 of them.
    private static let binsMax = 220

    /// Ten points for each nine more: 10^(-1/10).
    private static let curveStep = 0.794_328_234_724_281_5
    /// Twelve nines are more than any run can fill.
    private static let curvePointsMax = 120
}
