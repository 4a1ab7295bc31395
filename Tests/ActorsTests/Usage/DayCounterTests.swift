import Actors
import TestSupport
import Testing

/// The counter of the last 24 hours against a plain list of everything that was ever added.
@Suite struct DayCounterTests {
    private struct Added {
        let second: Int64
        let tally: DayCounter.Tally
    }

    @Test("counts equal a plain list's, for late, disordered and early events", arguments: 1...8)
    func againstList(seed: Int) {
        let random = SeededRandom(seed: UInt64(seed))
        var counter = DayCounter()
        var list: [Added] = []
        var now = UsageSamples.now
        for _ in 0..<1500 {
            // Mostly small steps, sometimes hours, so that many minutes leave the window.
            let step = random.below(20) == 0 ? random.below(20_000_000) : random.below(3000)
            now = now.advanced(byMilliseconds: Int64(step))
            let offset = Int64(random.below(Int(UsageSamples.dayMilliseconds) + 300_000))
            let at = now.advanced(byMilliseconds: 300_000 - offset)
            let tally = Self.tally(random.below(4))
            counter.add(tally, at: at, now: now)
            list.append(Added(second: at.seconds, tally: tally))
            if random.below(10) == 0 { expectEqual(counter, list, at: now) }
        }
        for hours in [0, 1, 5, 12, 23, 24, 25] {
            expectEqual(counter, list, at: now.advanced(bySeconds: Int64(hours) * 3600 - 1))
        }
    }

    @Test("an event counts for exactly 86,400 seconds")
    func window() {
        var counter = DayCounter()
        let at = Timestamp(seconds: 1_795_500_000)
        counter.add(Self.tally(0), at: at, now: at)
        #expect(counter.tally(at: at.advanced(byMilliseconds: -1)).ok == 0)
        #expect(counter.tally(at: at).ok == 1)
        #expect(counter.tally(at: at.advanced(byMilliseconds: 86_399_999)).ok == 1)
        #expect(counter.tally(at: at.advanced(bySeconds: 86_400)).ok == 0)
    }

    @Test("an event that is ahead of the clock counts once the clock is there, and once only")
    func ahead() {
        var counter = DayCounter()
        let now = Timestamp(seconds: 1_795_500_000)
        counter.add(Self.tally(1), at: now.advanced(bySeconds: 300), now: now)
        #expect(counter.tally(at: now.advanced(bySeconds: 299)).reported == 0)
        #expect(counter.tally(at: now.advanced(bySeconds: 300)).reported == 1)
        #expect(counter.tally(at: now.advanced(bySeconds: 301)).reported == 1)
    }

    @Test("seconds before 1970 are counted like all others")
    func beforeEpoch() {
        var counter = DayCounter()
        let at = Timestamp(milliseconds: -1)
        counter.add(Self.tally(0), at: at, now: at)
        #expect(counter.tally(at: at).ok == 1)
        #expect(counter.tally(at: Timestamp(seconds: -2)).ok == 0)
    }

    private static func tally(_ kind: Int) -> DayCounter.Tally {
        var tally = DayCounter.Tally.zero
        switch kind {
        case 0: tally.okObserved = 1
        case 1: tally.okReported = 1
        case 2: tally.failedObserved = 1
        case _: tally.failedReported = 1
        }
        return tally
    }

    private func expectEqual(_ counter: DayCounter, _ list: [Added], at now: Timestamp) {
        let window = list.filter { $0.second <= now.seconds && $0.second > now.seconds - 86_400 }
        let counted = counter.tally(at: now)
        func sum(_ part: KeyPath<DayCounter.Tally, UInt32>) -> UInt64 {
            window.reduce(0) { $0 + UInt64($1.tally[keyPath: part]) }
        }
        #expect(counted.ok == sum(\.okObserved) + sum(\.okReported))
        #expect(counted.failed == sum(\.failedObserved) + sum(\.failedReported))
        #expect(counted.reported == sum(\.okReported) + sum(\.failedReported))
    }
}
