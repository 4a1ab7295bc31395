import Foundation
import LoadCore
import Synchronization

/// Says on standard error how a run is going: each second to a terminal, else every five.
final class Progress: Sendable {
    private let isQuiet: Bool
    private let gapSeconds: Int
    private let shown = Atomic<Int>(-1)

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        gapSeconds = Signals.isTerminal(2) ? 1 : 5
    }

    func begin() { shown.store(-1, ordering: .relaxed) }

    func show(_ newest: SecondResult?, of plan: Plan) {
        guard !isQuiet, let newest, newest.second > shown.load(ordering: .relaxed),
            newest.second % gapSeconds == gapSeconds - 1
        else { return }
        shown.store(newest.second, ordering: .relaxed)
        let seconds = Int(plan.duration / 1_000_000_000)
        var line = "\(newest.second + 1)/\(seconds) s  \(newest.ok) ok/s"
        if let rate = plan.offeredRate { line += " of \(Figure.count(rate))" }
        line += "  p50 \(Figure.latency(newest.p50Microseconds))"
        line += "  p99 \(Figure.latency(newest.p99Microseconds))"
        line += "  max \(Figure.latency(newest.maxMicroseconds))"
        if newest.failed > 0 { line += "  \(newest.failed) failed" }
        say(line)
    }

    func say(_ line: String) {
        if !isQuiet { Self.complain(line) }
    }

    static func complain(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
