import Actors
import Testing

@testable import App

@Suite("The requests of the last hour")
struct HourHistoryTests {
    /// The start of a minute.
    private let start = Timestamp(seconds: 30_000_000 * 60)

    private func totals(
        _ requests: Int64, clientErrors: Int64 = 0, serverErrors: Int64 = 0
    ) -> HourHistory.Counts {
        HourHistory.Counts(
            requests: requests, clientErrors: clientErrors, serverErrors: serverErrors)
    }

    private func sum(_ history: HourHistory, at now: Timestamp) -> Int64 {
        history.lastHour(at: now).reduce(0) { $0 + $1.counts.requests }
    }

    @Test("there are sixty minutes, oldest first, and the current one is the last")
    func minutes() {
        let now = start.advanced(bySeconds: 59)
        let hour = HourHistory(at: start).lastHour(at: now)
        #expect(hour.count == 60)
        #expect(hour.first?.at == start.advanced(bySeconds: -59 * 60))
        #expect(hour.last?.at == start)
        #expect(zip(hour, hour.dropFirst()).allSatisfy { $0.at.advanced(bySeconds: 60) == $1.at })
        #expect(hour.allSatisfy { $0.counts == HourHistory.Counts() })
    }

    @Test("what was added since the last look belongs to that look's minute")
    func boundary() {
        var history = HourHistory(at: after(10))
        history.sample(totals(3, clientErrors: 2, serverErrors: 1), at: after(20))
        // The look at the next minute's start closes this one.
        history.sample(totals(5, clientErrors: 3, serverErrors: 1), at: after(60))
        history.sample(totals(9, clientErrors: 3, serverErrors: 2), at: after(119))
        let hour = history.lastHour(at: after(119))
        #expect(hour[58].counts == totals(5, clientErrors: 3, serverErrors: 1))
        #expect(hour[59].counts == totals(4, clientErrors: 0, serverErrors: 1))
        #expect(hour.prefix(58).allSatisfy { $0.counts == HourHistory.Counts() })
    }

    @Test(
        "a minute is shown for as long as it is one of the last sixty",
        arguments: [(59, 7), (3599, 7), (3600, 0), (3601, 0)] as [(Int64, Int64)])
    func scrolls(seconds: Int64, expected: Int64) {
        var history = HourHistory(at: start)
        history.sample(totals(7), at: after(59))
        #expect(sum(history, at: after(seconds)) == expected)
        // Nor is it different when somebody looks at each minute's start.
        for second in stride(from: 60, through: seconds, by: 60) {
            history.sample(totals(7), at: after(second))
        }
        #expect(sum(history, at: after(seconds)) == expected)
    }

    @Test("over many hours the last one is always exact")
    func manyHours() {
        var history = HourHistory(at: start)
        var total: Int64 = 0
        for minute in Int64(0)..<300 {
            total += minute
            history.sample(totals(total), at: after(minute * 60 + 59))
            history.sample(totals(total), at: after(minute * 60 + 60))
            let hour = history.lastHour(at: after(minute * 60 + 60))
            let expected = (minute - 59...minute).map { max(0, $0) }
            #expect(hour.map(\.counts.requests) == Array(expected.dropFirst()) + [0])
        }
    }

    @Test(
        "when the clock goes back, what comes next is shown now and nothing is lost",
        arguments: [61, 3540, 7200, 86_400] as [Int64])
    func clockGoesBack(seconds: Int64) {
        var history = HourHistory(at: start)
        history.sample(totals(5), at: start)
        let back = after(-seconds)
        history.sample(totals(8), at: back)
        history.sample(totals(10), at: back.advanced(bySeconds: 1))
        #expect(sum(history, at: back.advanced(bySeconds: 1)) == 5)
        // When the clock is where it was, what came before is shown as well.
        #expect(sum(history, at: start) == (seconds <= 3540 ? 10 : 5))
    }

    @Test("a clock that goes back within its minute changes nothing")
    func clockTrembles() {
        var history = HourHistory(at: after(30))
        history.sample(totals(5), at: after(31))
        history.sample(totals(8), at: after(29))
        #expect(history.lastHour(at: after(29)).last?.counts == totals(8))
    }

    @Test("a clock that leaps ahead shows an empty hour, and goes on")
    func clockLeapsAhead() {
        var history = HourHistory(at: start)
        history.sample(totals(5), at: after(90_000))
        #expect(sum(history, at: after(90_000)) == 0)
        history.sample(totals(6), at: after(90_001))
        #expect(sum(history, at: after(90_001)) == 1)
    }

    private func after(_ seconds: Int64) -> Timestamp { start.advanced(bySeconds: seconds) }
}
