import Actors
import Synchronization

/// How many requests were answered in each of the last sixty minutes, from counters that only grow.
/// Pure: totals and times come in.
struct HourHistory: Sendable {
    struct Counts: Sendable, Equatable {
        var requests: Int64 = 0
        var clientErrors: Int64 = 0
        var serverErrors: Int64 = 0

        static func - (left: Counts, right: Counts) -> Counts {
            Counts(
                requests: left.requests - right.requests,
                clientErrors: left.clientErrors - right.clientErrors,
                serverErrors: left.serverErrors - right.serverErrors)
        }

        static func += (left: inout Counts, right: Counts) {
            left.requests += right.requests
            left.clientErrors += right.clientErrors
            left.serverErrors += right.serverErrors
        }
    }

    static let minuteCount = 60

    private var last: (totals: Counts, at: Timestamp)
    /// By minutes since the epoch.
    private var minutes: [Int64: Counts] = [:]

    init(at now: Timestamp) { last = (Counts(), now) }

    /// Takes in what the counters say now. To be called at least at the start of each minute: what
    /// was added since the last time belongs to that time's minute, or to the present one if the
    /// clock has gone back meanwhile.
    mutating func sample(_ totals: Counts, at now: Timestamp) {
        let minute = Self.minute(min(last.at, now))
        minutes[minute, default: Counts()] += totals - last.totals
        last = (totals, now)
        let oldest = Self.minute(now) - Int64(Self.minuteCount)
        minutes = minutes.filter { $0.key > oldest }
    }

    /// Oldest first, the current minute last.
    func lastHour(at now: Timestamp) -> [(at: Timestamp, counts: Counts)] {
        let current = Self.minute(now)
        return (0..<Int64(Self.minuteCount)).reversed().map { back in
            let minute = current - back
            return (Timestamp(seconds: minute * 60), minutes[minute] ?? Counts())
        }
    }

    private static func minute(_ time: Timestamp) -> Int64 { time.seconds / 60 }
}

/// The history of this process's requests.
final class RequestHistory: Sendable {
    private let metrics: HTTPMetrics
    private let history: Mutex<HourHistory>

    init(_ metrics: HTTPMetrics, at now: Timestamp) {
        self.metrics = metrics
        history = Mutex(HourHistory(at: now))
    }

    func sample(at now: Timestamp) {
        let totals = metrics.totals
        history.withLock { $0.sample(totals, at: now) }
    }

    func lastHour(at now: Timestamp) -> [(at: Timestamp, counts: HourHistory.Counts)] {
        sample(at: now)
        return history.withLock { $0.lastHour(at: now) }
    }
}

extension HTTPMetrics {
    /// Of all routes, since the start.
    fileprivate var totals: HourHistory.Counts {
        var counts = HourHistory.Counts()
        for counters in allCounters {
            let values = counters.read()
            counts.requests += values.total
            counts.clientErrors += values.byStatusClass[3]
            counts.serverErrors += values.byStatusClass[4]
        }
        return counts
    }
}
