import Persistence
import Testing

@testable import App

@Suite("When the copies of a shard are looked at")
struct ScrubPlanTests {
    private let one = ShardID(1)
    private let two = ShardID(2)

    @Test("some time after it was gained, and then once in each interval, one at a time")
    func times() {
        var plan = ScrubPlan(intervalSeconds: 1000, firstSeconds: 100)
        #expect(plan.next(owned: [one, two], now: 0) == nil)
        #expect(plan.next(owned: [one, two], now: 99) == nil)
        #expect(plan.next(owned: [one, two], now: 100) == one)
        #expect(plan.next(owned: [one, two], now: 101) == two)
        #expect(plan.next(owned: [one, two], now: 1099) == nil)
        #expect(plan.next(owned: [one, two], now: 1100) == one)
    }

    @Test("a shard that was given up begins anew when it comes back")
    func back() {
        var plan = ScrubPlan(intervalSeconds: 1000, firstSeconds: 100)
        _ = plan.next(owned: [one], now: 0)
        #expect(plan.next(owned: [], now: 50) == nil)
        #expect(plan.next(owned: [one], now: 120) == nil)
        #expect(plan.next(owned: [one], now: 220) == one)
    }

    @Test("a clock that was years ahead puts nothing off by more than an interval")
    func clock() {
        var plan = ScrubPlan(intervalSeconds: 1000, firstSeconds: 100)
        _ = plan.next(owned: [one], now: 1_000_000)
        #expect(plan.next(owned: [one], now: 0) == nil)
        #expect(plan.next(owned: [one], now: 1000) == one)
    }
}
