import Actors
import TestSupport
import Testing

/// The sliding window against a plain list of everything that was ever sent.
@Suite struct SendWindowTests {
    private let start = AlertsSamples.now

    @Test("a send counts for exactly the window, and the time to wait is right to the second")
    func edges() {
        var window = SendWindow<Int>(seconds: 60)
        window.insert(1, at: start)
        window.insert(1, at: start.advanced(byMilliseconds: 1500))
        func wait(_ max: Int, _ milliseconds: Int64) -> Int? {
            window.secondsUntilFree(1, max: max, at: start.advanced(byMilliseconds: milliseconds))
        }
        #expect(wait(3, 1500) == nil)
        #expect(wait(2, 1500) == 59)
        #expect(wait(2, 59_999) == 1)
        #expect(wait(2, 60_000) == nil)
        #expect(wait(1, 60_000) == 2)
        #expect(wait(1, 61_500) == nil)
        #expect(window.secondsUntilFree(2, max: 1, at: start) == nil)
        #expect(window.secondsUntilAnyFree(max: 2, at: start) == 60)
    }

    @Test("a maximum below what was already sent waits for enough of it to leave")
    func loweredMaximum() {
        var window = SendWindow<Int>(seconds: 100)
        for second in 0..<5 { window.insert(1, at: start.advanced(bySeconds: Int64(second))) }
        #expect(window.secondsUntilFree(1, max: 2, at: start.advanced(bySeconds: 10)) == 93)
    }

    @Test("answers equal a plain list's", arguments: 1...6)
    func againstList(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var window = SendWindow<Int>(seconds: 3600)
        var list: [(key: Int, at: Timestamp)] = []
        var now = start
        for _ in 0..<2000 {
            now = now.advanced(byMilliseconds: Int64(random.below(60_000)))
            let key = random.below(12)
            let max = 1 + random.below(20)
            let oldest = now.advanced(bySeconds: -3600)
            let counted = list.filter { $0.at > oldest }
            let ofKey = counted.filter { $0.key == key }.map(\.at)
            #expect(window.secondsUntilFree(key, max: max, at: now) == wait(ofKey, max, now))
            #expect(
                window.secondsUntilAnyFree(max: 100 + max, at: now)
                    == wait(counted.map(\.at), 100 + max, now))
            if random.below(4) > 0 {
                window.insert(key, at: now)
                list.append((key, now))
            }
        }
    }

    private func wait(_ times: [Timestamp], _ max: Int, _ now: Timestamp) -> Int? {
        guard times.count >= max else { return nil }
        let free = times[times.count - max].milliseconds + 3_600_000 - now.milliseconds
        return Int((free + 999) / 1000)
    }
}
