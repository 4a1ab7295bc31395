/// How long calls took: counts in buckets whose width grows with the value, so that a quantile is
/// off by at most an eighth of itself.
///
/// A power of two is split into eight buckets; below eight milliseconds each has its own.
package struct LatencyHistogram: Hashable, Sendable {
    private(set) var counts: [UInt16: UInt32] = [:]

    private static let bitsPerPower = 3

    package init() {}

    package var total: UInt64 { counts.values.reduce(0) { $0 + UInt64($1) } }

    package mutating func add(milliseconds: UInt32) {
        counts[Self.bucket(milliseconds), default: 0] += 1
    }

    package mutating func add(_ other: LatencyHistogram) {
        for (bucket, count) in other.counts { counts[bucket, default: 0] += count }
    }

    mutating func restore(bucket: UInt16, count: UInt32) { counts[bucket] = count }

    /// The value that a share of the calls did not exceed, nil when there were none.
    ///
    /// - Parameter share: 0.99 for the 99th percentile.
    package func quantile(_ share: Double) -> UInt32? {
        let total = total
        guard total > 0 else { return nil }
        let wanted = max(1, UInt64((Double(total) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            seen += UInt64(count)
            if seen >= wanted { return Self.highest(bucket) }
        }
        return nil
    }

    private static func bucket(_ value: UInt32) -> UInt16 {
        let power = 31 - max(value, 1).leadingZeroBitCount
        guard power >= bitsPerPower else { return UInt16(value) }
        let shift = power - bitsPerPower
        let place = (value >> UInt32(shift)) & UInt32((1 << bitsPerPower) - 1)
        return UInt16((shift + 1) << bitsPerPower) + UInt16(place)
    }

    /// The largest value of a bucket.
    private static func highest(_ bucket: UInt16) -> UInt32 {
        let shift = Int(bucket) >> bitsPerPower
        guard shift > 0 else { return UInt32(bucket) }
        let place = UInt64(bucket) & UInt64((1 << bitsPerPower) - 1)
        let next = (UInt64(1 << bitsPerPower) + place + 1) << UInt64(shift - 1)
        return UInt32(clamping: next - 1)
    }
}

/// The latencies of the last day, by hour.
package struct LatencyDay: Hashable, Sendable {
    /// By hours since the epoch.
    private(set) var hours: [Int64: LatencyHistogram] = [:]

    /// The current hour, the 24 before it, and what clocks run ahead.
    private static let hoursMax = 26
    private static let hourSeconds: Int64 = 3600

    package init() {}

    package mutating func add(milliseconds: UInt32, at time: Timestamp) {
        let hour = time.seconds / Self.hourSeconds
        hours[hour, default: LatencyHistogram()].add(milliseconds: milliseconds)
        guard hours.count > Self.hoursMax, let oldest = hours.keys.min() else { return }
        hours[oldest] = nil
    }

    mutating func restore(_ hour: Int64, _ histogram: LatencyHistogram) { hours[hour] = histogram }

    /// The calls that began in that hour since the epoch.
    package func hour(_ hour: Int64) -> LatencyHistogram { hours[hour] ?? LatencyHistogram() }
}
