import Actors
import Synchronization

/// What a provider said last of its own rate limits. Kept in memory only: it is worth minutes.
final class RateLimitMemory: Sendable {
    enum Part: Sendable {
        case limit
        case remaining
        case reset
    }

    /// Where a header's value belongs.
    struct Place: Sendable {
        let index: Int
        let part: Part
    }

    struct Row: Sendable, Equatable {
        let name: String
        /// As the provider writes them: some give durations, some times.
        var limit: String?
        var remaining: String?
        var reset: String?
    }

    private let state: Mutex<(rows: [Row], at: Timestamp?)>

    /// A header's value that is longer is none of a limit.
    private static let valueBytesMax = 64

    init(_ schemes: [RateLimitHeaders]) {
        state = Mutex((schemes.map { Row(name: $0.name) }, nil))
    }

    func note(_ values: [(place: Place, value: String)], at now: Timestamp) {
        guard !values.isEmpty else { return }
        state.withLock { state in
            state.at = now
            for (place, value) in values where value.utf8.count <= Self.valueBytesMax {
                switch place.part {
                case .limit: state.rows[place.index].limit = value
                case .remaining: state.rows[place.index].remaining = value
                case .reset: state.rows[place.index].reset = value
                }
            }
        }
    }

    /// The limits that were seen, and when.
    var seen: (rows: [Row], at: Timestamp)? {
        state.withLock { state in
            guard let at = state.at else { return nil }
            let rows = state.rows.filter {
                $0.limit != nil || $0.remaining != nil || $0.reset != nil
            }
            return (rows, at)
        }
    }
}
