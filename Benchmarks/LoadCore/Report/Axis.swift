private import Foundation

/// Maps values to 0…1 along an axis, and says where its ticks are.
struct Axis {
    struct Tick {
        let value: Double
        let label: String
    }

    let title: String
    let ticks: [Tick]
    private let low: Double
    private let high: Double
    private let isLogarithmic: Bool

    func position(_ value: Double) -> Double {
        let scaled = isLogarithmic ? log10(max(value, Self.tiny)) : value
        return high > low ? min(max((scaled - low) / (high - low), 0), 1) : 0.5
    }

    private static let tiny = 1e-9

    // MARK: Kinds

    /// From 0 to exactly `end`, such as the end of a run.
    static func whole(_ title: String, to end: Double, label: (Double) -> String) -> Axis {
        let step = roundStep(max(end, tiny) / 6)
        return Axis(
            title: title,
            ticks: (0...max(0, Int(end / step))).map {
                Tick(value: Double($0) * step, label: label(Double($0) * step))
            },
            low: 0, high: end, isLogarithmic: false)
    }

    /// From 0 to a round number above `high`.
    static func linear(_ title: String, to high: Double, label: (Double) -> String) -> Axis {
        let step = roundStep(max(high, tiny) / 4)
        let count = max(1, Int((max(high, tiny) / step).rounded(.up)))
        return Axis(
            title: title,
            ticks: (0...count).map {
                Tick(value: Double($0) * step, label: label(Double($0) * step))
            },
            low: 0, high: Double(count) * step, isLogarithmic: false)
    }

    /// Over all values above 0, with ticks at each power of ten, closer where these are few.
    static func logarithmic(
        _ title: String, over values: [Double], label: (Double) -> String
    ) -> Axis {
        let positive = values.filter { $0 > 0 }
        let low = log10(positive.min() ?? 1)
        let high = log10(positive.max() ?? 10)
        let decades = high - low
        let steps: [Double] = decades > 3 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5]
        let marks = (Int(low.rounded(.down)) - 1...Int(high.rounded(.up)) + 1).flatMap { power in
            steps.map { $0 * pow(10, Double(power)) }
        }
        // One tick below and one above all values, so that nothing is drawn on the edge.
        let first = marks.last { log10($0) <= low } ?? marks[0]
        let last = marks.first { log10($0) >= high && $0 > first } ?? marks[marks.count - 1]
        return Axis(
            title: title,
            ticks: marks.filter { $0 >= first && $0 <= last }.map {
                Tick(value: $0, label: label($0))
            },
            low: log10(first), high: log10(last), isLogarithmic: true)
    }

    /// Each nine as far from the one before: 0, 90 %, 99 %, 99.9 % … up to one in `count`.
    static func nines(_ title: String, count: UInt64) -> Axis {
        let high = max(1, log10(Double(max(count, 10))))
        let labels = ["0", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
        return Axis(
            title: title,
            ticks: labels.enumerated().filter { Double($0.offset) <= high }.map {
                Tick(value: Double($0.offset), label: $0.element)
            },
            low: 0, high: high, isLogarithmic: false)
    }

    /// Where a quantile is on the axis of nines; the maximum is at one in `count`.
    static func nines(_ quantile: Double, count: UInt64) -> Double {
        let rare = max(1 - quantile, 1 / Double(max(count, 10)))
        return -log10(rare)
    }

    /// 1, 2 or 5 times a power of ten.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        let lead = step / power
        return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power
    }
}
