/// Exact counts of the last 24 hours, to the second, whatever the order in which events arrive.
///
/// Memory is taken only for minutes in which something happened: at most 1,445 of them, about 1.4
/// MB.
package struct DayCounter: Sendable, Equatable {
    /// What happened in a second, or in a minute.
    package struct Tally: Sendable, Equatable {
        package var okObserved: UInt32 = 0
        package var okReported: UInt32 = 0
        package var failedObserved: UInt32 = 0
        package var failedReported: UInt32 = 0

        package static let zero = Tally()

        static func += (left: inout Tally, right: Tally) {
            left.okObserved += right.okObserved
            left.okReported += right.okReported
            left.failedObserved += right.failedObserved
            left.failedReported += right.failedReported
        }
    }

    struct Minute: Sendable, Equatable {
        var total = Tally.zero
        var seconds = [Tally](repeating: .zero, count: 60)
    }

    /// By minutes since the epoch.
    private(set) var minutes: [Int64: Minute] = [:]

    package static let windowSeconds: Int64 = 86_400
    /// Minutes are dropped when so many are kept: the window, the five minutes ahead, and some.
    private static let minutesMax = 1500

    package init() {}

    /// Counts an event that happened at this second. Probes and pending events are not for here.
    package mutating func add(_ tally: Tally, at time: Timestamp, now: Timestamp) {
        let second = time.seconds
        let (minute, place) = Self.split(second)
        minutes[minute, default: Minute()].seconds[place] += tally
        minutes[minute, default: Minute()].total += tally
        if minutes.count > Self.minutesMax { drop(before: now.seconds - Self.windowSeconds) }
    }

    private mutating func drop(before second: Int64) {
        let oldest = Self.split(second).minute
        minutes = minutes.filter { $0.key >= oldest }
    }

    /// What happened in the 86,400 seconds that end with the current one.
    package func tally(at now: Timestamp) -> (ok: UInt64, failed: UInt64, reported: UInt64) {
        tally(seconds: now.seconds - Self.windowSeconds + 1...now.seconds)
    }

    /// What happened in these seconds since the epoch.
    func tally(seconds: ClosedRange<Int64>) -> (ok: UInt64, failed: UInt64, reported: UInt64) {
        let (first, last) = (seconds.lowerBound, seconds.upperBound)
        var ok: UInt64 = 0
        var failed: UInt64 = 0
        var reported: UInt64 = 0
        func add(_ tally: Tally) {
            ok += UInt64(tally.okObserved) + UInt64(tally.okReported)
            failed += UInt64(tally.failedObserved) + UInt64(tally.failedReported)
            reported += UInt64(tally.okReported) + UInt64(tally.failedReported)
        }
        for (minute, content) in minutes {
            let start = minute * 60
            if start >= first, start + 59 <= last {
                add(content.total)
            } else if start + 59 >= first, start <= last {
                for second in max(first, start)...min(last, start + 59) {
                    add(content.seconds[Int(second - start)])
                }
            }
        }
        return (ok, failed, reported)
    }

    /// What happened in the minute of this time.
    func minute(_ time: Timestamp) -> (ok: UInt64, failed: UInt64) {
        guard let tally = minutes[Self.split(time.seconds).minute]?.total else { return (0, 0) }
        return (
            UInt64(tally.okObserved) + UInt64(tally.okReported),
            UInt64(tally.failedObserved) + UInt64(tally.failedReported)
        )
    }

    mutating func restore(_ minute: Int64, _ content: Minute) { minutes[minute] = content }

    private static func split(_ second: Int64) -> (minute: Int64, place: Int) {
        let minute = second >= 0 ? second / 60 : (second - 59) / 60
        return (minute, Int(second - minute * 60))
    }
}
