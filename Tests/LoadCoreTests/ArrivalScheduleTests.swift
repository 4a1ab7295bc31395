import Testing

@testable import LoadCore

@Suite("When requests are meant to be sent")
struct ArrivalScheduleTests {
    private func schedule(
        rate: Double, _ arrivals: ArrivalSchedule.Arrivals = .constant, part: Int = 0,
        of parts: Int = 1, seed: UInt64 = 7
    ) -> ArrivalSchedule {
        ArrivalSchedule(
            start: 1_000_000_000, rate: rate, arrivals: arrivals, part: part, of: parts, seed: seed)
    }

    private func times(_ schedule: ArrivalSchedule, _ count: Int) -> [UInt64] {
        var schedule = schedule
        return (0..<count).map { _ in schedule.take() }
    }

    @Test("a constant rate does not drift, also where the gap is no whole number")
    func noDrift() {
        let times = times(schedule(rate: 3), 3_000_001)
        #expect(times[0] == 1_000_000_000)
        #expect(times[3_000_000] == 1_000_000_000 + 1_000_000 * 1_000_000_000)
    }

    @Test("the parts of several threads make one even rate together")
    func parts() {
        let parts = (0..<4).flatMap { times(schedule(rate: 1000, part: $0, of: 4), 250) }.sorted()
        let whole = times(schedule(rate: 1000), 1000)
        for (part, one) in zip(parts, whole) { #expect(part.distance(to: one).magnitude <= 1) }
    }

    @Test("Poisson arrivals have the rate, and the spread of independent callers")
    func poisson() {
        let times = times(schedule(rate: 1000, .poisson), 100_001)
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)
        #expect(abs(mean - 1) < 0.02)
        // The standard deviation of an exponential distribution is its mean.
        #expect(abs(variance.squareRoot() - 1) < 0.03)
    }

    @Test("the same seed gives the same arrivals, another seed others")
    func seeds() {
        let first = times(schedule(rate: 10, .poisson), 50)
        #expect(first == times(schedule(rate: 10, .poisson), 50))
        #expect(first != times(schedule(rate: 10, .poisson, seed: 8), 50))
    }

    @Test("turns follow the weights, evenly spread")
    func turns() {
        var turns = WeightedTurns([3, 1])
        #expect((0..<8).map { _ in turns.next() } == [0, 0, 1, 0, 0, 0, 1, 0])
        var many = WeightedTurns([80, 15, 5])
        let drawn = (0..<1000).map { _ in many.next() }
        #expect((0...2).map { kind in drawn.count { $0 == kind } } == [800, 150, 50])
    }
}
