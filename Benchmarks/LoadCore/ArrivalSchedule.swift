private import Foundation

/// When requests are meant to be sent in open loop. It knows nothing of answers: a server that is
/// slow makes nobody arrive later, and that is what keeps coordinated omission out.
package struct ArrivalSchedule: Sendable {
    package enum Arrivals: String, Sendable, CaseIterable, Codable {
        /// The same gap between all requests.
        case constant
        /// Exponential gaps, as of many callers that do not know each other.
        case poisson
    }

    /// The next intended time, on the clock that `start` is of.
    package private(set) var nextNanoseconds: UInt64
    private let start: UInt64
    private let gapNanoseconds: Double
    private let arrivals: Arrivals
    private var sent: UInt64 = 0
    private var elapsed: Double = 0
    private var random: SplitMix

    /// Parts share a rate: part 0 of 2 has the even arrivals, part 1 the odd ones.
    package init(
        start: UInt64, rate: Double, arrivals: Arrivals, part: Int, of parts: Int, seed: UInt64
    ) {
        precondition(rate > 0 && parts > 0 && (0..<parts).contains(part))
        self.arrivals = arrivals
        gapNanoseconds = 1e9 * Double(parts) / rate
        random = SplitMix(seed: seed &+ UInt64(part))
        let offset = gapNanoseconds * Double(part) / Double(parts)
        self.start = start + UInt64(offset)
        nextNanoseconds = self.start
        if arrivals == .poisson {
            elapsed = exponentialGap()
            nextNanoseconds = self.start + UInt64(elapsed)
        }
    }

    /// Takes the next arrival off the schedule.
    package mutating func take() -> UInt64 {
        let due = nextNanoseconds
        sent += 1
        switch arrivals {
        // Multiplied, not added up: the rate does not drift.
        case .constant: nextNanoseconds = start + UInt64(Double(sent) * gapNanoseconds)
        case .poisson:
            elapsed += exponentialGap()
            nextNanoseconds = start + UInt64(elapsed)
        }
        return due
    }

    private mutating func exponentialGap() -> Double {
        // In (0, 1], so that the logarithm is finite.
        let uniform = Double((random.next() >> 11) + 1) / Double(1 << 53)
        return -log(uniform) * gapNanoseconds
    }
}

/// A small generator whose sequence follows from its seed (Steele, Lea, Flood 2014): runs repeat.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
