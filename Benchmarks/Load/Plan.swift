import LoadCore
import NIOCore

/// What a run is to do; the same for all its workers.
struct Plan: Sendable {
    var mode: Mode
    var connections: Int
    var threads: Int
    var address: SocketAddress
    /// Local addresses that connections are bound to in turn; empty leaves it to the kernel.
    var sources: [SocketAddress]
    var warmup: Nanoseconds
    var duration: Nanoseconds
    /// Operations that begin in the measured time, at the most.
    var operationsMax: Int
    var timeout: Nanoseconds
    /// How long after the end answers are still waited for.
    var drain: Nanoseconds
    /// In a closed loop a connection waits as long as the server asks for.
    var honoursRetryAfter: Bool
    var weights: [Int]
    var seed: UInt64

    enum Mode: Sendable {
        case open(rate: Double, ArrivalSchedule.Arrivals)
        /// `expectedInterval` corrects service times (0 does not).
        case closed(expectedInterval: Nanoseconds)
    }

    var offeredRate: Double? {
        switch mode {
        case .open(let rate, _): rate
        case .closed: nil
        }
    }

    var expectedInterval: Nanoseconds {
        switch mode {
        case .open: 0
        case .closed(let interval): interval
        }
    }
}

/// Points and spans of time on the monotonic clock.
typealias Nanoseconds = UInt64

enum Clock {
    static func now() -> Nanoseconds { NIODeadline.now().uptimeNanoseconds }

    static func span(seconds: Double) -> Nanoseconds { Nanoseconds((seconds * 1e9).rounded()) }

    /// From the one to the other, or nothing when it is the other way round.
    static func span(from start: Nanoseconds, to end: Nanoseconds) -> Nanoseconds {
        end > start ? end - start : 0
    }
}
