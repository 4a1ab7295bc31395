import Actors
import Synchronization

/// The `Date` header (RFC 9110 §6.6.1), formatted once a second and not once an answer.
final class HTTPDate: Sendable {
    private let cached = Mutex<(seconds: Int64, text: String)>((.min, ""))

    func text(at now: Timestamp) -> String {
        let seconds = now.seconds
        return cached.withLock { cached in
            if cached.seconds != seconds { cached = (seconds, HTTPDate.format(seconds)) }
            return cached.text
        }
    }

    /// IMF-fixdate: `Sun, 06 Nov 1994 08:49:37 GMT` (§5.6.7 there).
    static func format(_ seconds: Int64) -> String {
        // 2026-11-24T08:30:00.123Z, always 24 ASCII characters.
        let parts = Timestamp(seconds: seconds).rfc3339.split { "-T.:".contains($0) }
        let month = Int(parts[1]).map { months[$0 - 1] } ?? ""
        // The epoch was a Thursday; the remainder of a negative number is made positive.
        let day = ((seconds >= 0 ? seconds : seconds - 86_399) / 86_400 % 7 + 7) % 7
        return "\(weekdays[Int(day)]), \(parts[2]) \(month) \(parts[0]) "
            + "\(parts[3]):\(parts[4]):\(parts[5]) GMT"
    }

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
