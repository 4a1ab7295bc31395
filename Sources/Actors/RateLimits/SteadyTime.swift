/// A time that never goes back, made from a wall clock that may.
///
/// Requests reach a limiter slightly out of order, and an operator may set the clock. A moment a
/// little before the last one counts as the last; when the clock was set back further, time goes on
/// from where it was, as if it had stood still meanwhile. So neither gives or takes a token.
struct SteadyTime: Equatable, Sendable {
    /// The last wall-clock time seen, and what it counts as.
    private var lastWall: Int64?
    private var last: Int64 = 0

    /// Requests of the same moment arrive within this; less than any clock is set by on purpose.
    static let disorderMillisecondsMax: Int64 = 5000

    /// Milliseconds for a moment of the wall clock; never less than before.
    mutating func advance(to wall: Timestamp) -> Int64 {
        let now = wall.milliseconds
        guard let lastWall else {
            self.lastWall = now
            last = now
            return now
        }
        if now >= lastWall {
            last += now - lastWall
            self.lastWall = now
        } else if lastWall - now > SteadyTime.disorderMillisecondsMax {
            self.lastWall = now
        }
        return last
    }

    /// How far the steady time is ahead of the wall clock.
    var offset: Int64 { last - (lastWall ?? last) }
}
