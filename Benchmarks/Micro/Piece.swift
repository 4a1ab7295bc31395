import Crypto
import Foundation

/// One thing that is timed.
struct Piece {
    let name: String
    /// Of its time to that of the yardstick. Twice what was measured when it was set: enough for a
    /// noisy machine, and too little for a mistake to hide in.
    let thresholdRatio: Double
    /// How often the body does the piece.
    var repeats = 1
    let body: () -> Void

    struct Result {
        let nanoseconds: Double
        let ratio: Double
    }

    private static let rounds = 15
    private static let roundNanoseconds = 8_000_000.0

    /// Piece and yardstick take turns, and the best round of each counts: what disturbs a round
    /// only ever makes it longer.
    func measure() -> Result {
        let own = Self.calls(body)
        let other = Self.calls(Self.yardstick)
        var best = Double.infinity
        var bestYardstick = Double.infinity
        for _ in 0..<Self.rounds {
            best = min(best, Self.time(own, body))
            bestYardstick = min(bestYardstick, Self.time(other, Self.yardstick))
        }
        return Result(
            nanoseconds: best / Double(repeats), ratio: best / Double(repeats) / bestYardstick)
    }

    private static func calls(_ body: () -> Void) -> Int {
        body()
        return max(1, Int(roundNanoseconds / max(time(3, body), 1)))
    }

    /// Nanoseconds a call.
    private static func time(_ calls: Int, _ body: () -> Void) -> Double {
        let began = ContinuousClock.now
        for _ in 0..<calls { body() }
        return (ContinuousClock.now - began) / .nanoseconds(1) / Double(calls)
    }

    private static let kilobyte = [UInt8](repeating: 0x5a, count: 1024)

    private static func yardstick() { keep(SHA256.hash(data: kilobyte)) }
}

/// Keeps the optimiser from leaving out what nobody looks at.
@inline(never)
func keep(_ value: some Any) {}
