import Testing

@testable import LoadCore

@Suite("Finding the frontier")
struct FrontierSearchTests {
    /// A server with one queue: latency grows as the rate comes near what it can do.
    private struct Server {
        let capacity: Double

        func step(_ rate: Double) -> FrontierStep {
            let isOver = rate >= capacity
            let p99 = isOver ? 5e6 : 300 / (1 - rate / capacity)
            return FrontierStep(
                offeredRate: rate, achievedRate: min(rate, capacity), p50Microseconds: p99 / 4,
                p99Microseconds: p99, maxMicroseconds: p99 * 2, errors: 0, generatorLimit: nil)
        }

        func rate(within milliseconds: Double) -> Double {
            capacity * (1 - 300 / (milliseconds * 1000))
        }
    }

    private func run(_ search: FrontierSearch, on server: Server) -> FrontierSearch {
        var search = search
        while let (rate, _) = search.next() { search.record(server.step(rate)) }
        return search
    }

    @Test("each bound's rate is found within the precision", arguments: [90.0, 4_000, 61_000])
    func found(capacity: Double) throws {
        let server = Server(capacity: capacity)
        let search = run(
            FrontierSearch(
                boundsMilliseconds: [1, 5, 10, 50, 100], startRate: capacity / 3,
                highestRate: 1e6, precision: 0.04), on: server)
        #expect(search.steps.count < 60)
        for point in search.points {
            let exact = server.rate(within: point.boundMilliseconds)
            let rate = try #require(point.rate)
            let missed = try #require(point.missedRate)
            #expect(rate <= exact && missed >= exact && missed / rate <= 1.0401)
        }
    }

    @Test("a start far off either way is recovered from", arguments: [2.0, 900_000])
    func farOff(start: Double) throws {
        let search = run(
            FrontierSearch(boundsMilliseconds: [10], startRate: start, highestRate: 1e6),
            on: Server(capacity: 5000))
        let rate = try #require(search.points[0].rate)
        #expect(abs(rate - 4850) < 300)
    }

    @Test("a bound that no rate meets has no rate, and the search ends")
    func impossible() {
        let search = run(
            FrontierSearch(boundsMilliseconds: [0.1], startRate: 1000, highestRate: 1e6),
            on: Server(capacity: 5000))
        #expect(search.points[0].rate == nil)
        // Each halving at most twice, down to 1/s.
        #expect(search.steps.count <= 22)
    }

    @Test("a server that does all that may be tried has no missed rate")
    func unlimited() {
        let search = run(
            FrontierSearch(boundsMilliseconds: [10], startRate: 100, highestRate: 2000),
            on: Server(capacity: 1e9))
        #expect(search.points[0].rate == 2000 && search.points[0].missedRate == nil)
    }

    @Test("a rate that barely missed is measured again, one far off is not")
    func attempts() throws {
        var search = FrontierSearch(
            boundsMilliseconds: [10], startRate: 1000, highestRate: 1e6, attempts: 3)
        var step = Server(capacity: 1e6).step(1000)
        step.p99Microseconds = 12_000
        for _ in 0..<3 {
            #expect(try #require(search.next()).rate == 1000)
            search.record(step)
        }
        #expect(try #require(search.next()).rate == 500)
        step.offeredRate = 500
        step.achievedRate = 500
        step.p99Microseconds = 50_000
        search.record(step)
        #expect(try #require(search.next()).rate == 250)
    }

    @Test("a gross miss within the bracket is measured again, since the frontier hangs on it")
    func bisecting() throws {
        let server = Server(capacity: 5000)
        var search = FrontierSearch(boundsMilliseconds: [10], startRate: 3000, highestRate: 1e6)
        search.record(server.step(3000))
        search.record(server.step(6000))
        let rate = try #require(search.next()).rate
        #expect(rate > 4000 && rate < 4500)
        var disturbed = server.step(rate)
        disturbed.p99Microseconds = 1e6
        disturbed.errors = 100
        search.record(disturbed)
        #expect(try #require(search.next()).rate == rate)
        search.record(server.step(rate))
        #expect(try #require(search.next()).rate > rate)
    }

    @Test("what missed a narrow bound above its frontier is not measured again for it")
    func otherBounds() throws {
        let server = Server(capacity: 5000)
        var search = FrontierSearch(
            boundsMilliseconds: [1, 100], startRate: 3000, highestRate: 1e6, precision: 0.4)
        search.record(server.step(3000))
        search.record(server.step(4000))
        #expect(try #require(search.next()).rate == 4000)
        search.record(server.step(4000))
        // 3 ms at 4,500/s: near to 1 ms, but 4,000/s missed that already.
        search.record(server.step(4500))
        let (rate, bound) = try #require(search.next())
        #expect(rate > 4500 && bound == 100)
    }

    @Test("a disturbance at a low rate does not hide what a higher rate sustained")
    func disturbance() throws {
        let server = Server(capacity: 5000)
        var search = FrontierSearch(boundsMilliseconds: [10], startRate: 1000, highestRate: 1e6)
        var disturbed = server.step(500)
        disturbed.p99Microseconds = 90_000
        search.record(disturbed)
        search.record(server.step(4000))
        search = run(search, on: server)
        let point = search.points[0]
        #expect(abs(try #require(point.rate) - 4850) < 300 && point.missesBelow == 1)
    }

    @Test("errors and a backlog make a step miss, however quick its answers were")
    func sustained() {
        var step = Server(capacity: 5000).step(1000)
        #expect(step.meets(boundMilliseconds: 10))
        step.errors = 1
        #expect(!step.meets(boundMilliseconds: 10))
        step.errors = 0
        step.achievedRate = 985
        #expect(!step.meets(boundMilliseconds: 10))
    }
}
