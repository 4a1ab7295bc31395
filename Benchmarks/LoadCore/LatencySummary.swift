/// What is told of a histogram: counts, and latencies in microseconds.
package struct LatencySummary: Codable, Sendable, Equatable {
    package var count: UInt64
    package var mean: Double
    package var min: Double
    package var p50: Double
    package var p90: Double
    package var p99: Double
    package var p999: Double
    package var p9999: Double
    package var max: Double

    package init(_ histogram: LatencyHistogram) {
        func microseconds(_ nanoseconds: UInt64) -> Double {
            Double(nanoseconds / 10) / 100
        }
        count = histogram.count
        mean = (histogram.meanNanoseconds / 10).rounded() / 100
        min = microseconds(histogram.minNanoseconds)
        p50 = microseconds(histogram.nanoseconds(at: 0.5))
        p90 = microseconds(histogram.nanoseconds(at: 0.9))
        p99 = microseconds(histogram.nanoseconds(at: 0.99))
        p999 = microseconds(histogram.nanoseconds(at: 0.999))
        p9999 = microseconds(histogram.nanoseconds(at: 0.9999))
        max = microseconds(histogram.maxNanoseconds)
    }

    /// The named percentiles in order, for tables and charts.
    package var columns: [(name: String, microseconds: Double)] {
        [
            ("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("p99.99", p9999),
            ("max", max),
        ]
    }

    private enum CodingKeys: String, CodingKey {
        case count
        case mean = "mean_us"
        case min = "min_us"
        case p50 = "p50_us"
        case p90 = "p90_us"
        case p99 = "p99_us"
        case p999 = "p99_9_us"
        case p9999 = "p99_99_us"
        case max = "max_us"
    }
}

/// A point of the curve of latency by percentile.
package struct CurvePoint: Codable, Sendable, Equatable {
    /// 0…1; 1 is the maximum.
    package var quantile: Double
    package var microseconds: Double

    package init(quantile: Double, microseconds: Double) {
        self.quantile = quantile
        self.microseconds = microseconds
    }

    private enum CodingKeys: String, CodingKey {
        case quantile
        case microseconds = "us"
    }
}

/// How many latencies were within a range.
package struct DistributionBin: Codable, Sendable, Equatable {
    package var fromMicroseconds: Double
    package var toMicroseconds: Double
    package var count: UInt64

    package init(fromMicroseconds: Double, toMicroseconds: Double, count: UInt64) {
        self.fromMicroseconds = fromMicroseconds
        self.toMicroseconds = toMicroseconds
        self.count = count
    }

    private enum CodingKeys: String, CodingKey {
        case fromMicroseconds = "from_us"
        case toMicroseconds = "to_us"
        case count
    }
}

extension LatencyHistogram {
    package var distribution: [DistributionBin] {
        bins().map {
            DistributionBin(
                fromMicroseconds: Double($0.from) / 1000, toMicroseconds: Double($0.to) / 1000,
                count: $0.count)
        }
    }

    package var curvePoints: [CurvePoint] {
        curve().map {
            CurvePoint(quantile: $0.quantile, microseconds: Double($0.nanoseconds) / 1000)
        }
    }
}
