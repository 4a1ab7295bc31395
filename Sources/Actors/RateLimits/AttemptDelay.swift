package import Persistence

/// The delay that grows with consecutive failures: for the second factors of an account, and for
/// passwords per account and source.
///
/// The first ten failures cost nothing; from then on nothing is judged for 1 s after a failure,
/// doubling with each further one to at most 15 minutes. RFC 4226 §7.3 asks for such a delay; with
/// it an attacker has a hundred guesses a day instead of thousands.
package struct AttemptDelay: Equatable, Sendable {
    package private(set) var consecutiveFailures: Int
    package private(set) var lastFailureAt: Timestamp?

    package init(consecutiveFailures: Int = 0, lastFailureAt: Timestamp? = nil) {
        precondition(consecutiveFailures >= 0)
        self.consecutiveFailures = consecutiveFailures
        self.lastFailureAt = lastFailureAt
    }

    /// More than anybody mistypes in a row.
    package static let freeFailures = 10
    private static let firstDelaySeconds: Int64 = 1
    /// Long enough to make guessing hopeless, short enough for the owner to wait out.
    package static let delaySecondsMax: Int64 = 15 * 60

    /// Seconds for which nothing is judged after the last failure.
    package var delaySeconds: Int64 {
        guard consecutiveFailures >= AttemptDelay.freeFailures else { return 0 }
        // Ten doublings exceed the maximum; more would overflow some day.
        let doublings = min(consecutiveFailures - AttemptDelay.freeFailures, 10)
        return min(AttemptDelay.firstDelaySeconds << Int64(doublings), AttemptDelay.delaySecondsMax)
    }

    /// Until when nothing is judged, or nil when an attempt at `now` is.
    ///
    /// A failure that lies further ahead than the longest delay means that the clock was set back:
    /// then nobody is kept out, for the wait would have no bound.
    package func blockedUntil(at now: Timestamp) -> Timestamp? {
        guard let lastFailureAt, delaySeconds > 0 else { return nil }
        let until = lastFailureAt.advanced(bySeconds: delaySeconds)
        let isClockSetBack =
            now < lastFailureAt.advanced(bySeconds: -AttemptDelay.delaySecondsMax)
        return now < until && !isClockSetBack ? until : nil
    }

    /// The whole seconds, rounded up and at least 1, that an attempt at `now` has to wait; nil when
    /// it is judged.
    package func retryAfterSeconds(at now: Timestamp) -> Int? {
        guard let until = blockedUntil(at: now) else { return nil }
        let milliseconds = until.milliseconds - now.milliseconds
        return Int(min((milliseconds + 999) / 1000, delaySeconds))
    }

    package mutating func recordFailure(at now: Timestamp) {
        // Counting on cannot matter after a billion; it only must not trap.
        consecutiveFailures = min(consecutiveFailures + 1, 1_000_000_000)
        lastFailureAt = now
    }

    /// After a success, or when the account's owner or an admin starts anew.
    /// Takes back a failure that was counted before the attempt was judged, and never was.
    package mutating func refund() { consecutiveFailures = max(0, consecutiveFailures - 1) }

    package mutating func clear() { self = AttemptDelay() }
}

extension ByteWriter {
    package mutating func write(_ delay: AttemptDelay) {
        writeVarint(UInt64(delay.consecutiveFailures))
        writeOptional(delay.lastFailureAt) { writer, time in writer.write(time) }
    }
}

extension ByteReader {
    package mutating func readAttemptDelay() throws(DecodingFault) -> AttemptDelay {
        guard let failures = Int(exactly: try readVarint()) else {
            throw .invalidValue("number of failures")
        }
        let last = try optional { reader throws(DecodingFault) in try reader.readTimestamp() }
        return AttemptDelay(consecutiveFailures: failures, lastFailureAt: last)
    }
}
