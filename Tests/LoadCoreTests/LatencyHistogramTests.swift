import Testing

@testable import LoadCore

@Suite("Latencies and their percentiles")
struct LatencyHistogramTests {
    @Test("percentiles are those of the sorted values, within a thousandth")
    func percentiles() {
        var histogram = LatencyHistogram()
        var random = SplitMix(seed: 3)
        var values = (0..<50_000).map { _ in UInt64.random(in: 500...80_000_000, using: &random) }
        for value in values { histogram.record(value) }
        values.sort()
        for quantile in [0.5, 0.9, 0.99, 0.999, 0.9999] {
            let exact = Double(values[Int((quantile * 50_000).rounded(.up)) - 1])
            #expect(abs(Double(histogram.nanoseconds(at: quantile)) - exact) <= exact / 1000 + 64)
        }
        #expect(histogram.maxNanoseconds == values.last)
        let mean = values.map { Double($0) }.reduce(0, +) / 50_000
        #expect(abs(histogram.meanNanoseconds - mean) < 1)
    }

    @Test("threads' histograms merge into that of all")
    func merging() {
        var first = LatencyHistogram()
        var second = LatencyHistogram()
        for value in 1...900 { first.record(UInt64(value) * 1000) }
        for value in 901...1000 { second.record(UInt64(value) * 1000) }
        first.add(second)
        #expect(first.count == 1000)
        let summary = LatencySummary(first)
        #expect(abs(summary.p50 - 500) <= 0.6 && abs(summary.p99 - 990) <= 1.1)
        #expect(summary.max == 1000)
    }

    @Test("what is too long to be tracked is not lost")
    func tooLong() {
        var histogram = LatencyHistogram()
        histogram.record(.max)
        #expect(histogram.count == 1)
        #expect(histogram.maxNanoseconds == LatencyHistogram.highestNanoseconds)
    }

    // As the HdrHistogram authors explain it: a stall of 100 s in 200 s at 100 requests a second.
    @Test("an expected interval brings back what a stall kept from being sent")
    func correction() {
        var raw = LatencyHistogram()
        var corrected = LatencyHistogram()
        for _ in 0..<10_000 {
            raw.record(1_000_000)
            corrected.record(1_000_000, expectedInterval: 10_000_000)
        }
        raw.record(100_000_000_000)
        corrected.record(100_000_000_000, expectedInterval: 10_000_000)
        #expect(raw.count == 10_001 && raw.nanoseconds(at: 0.99) < 1_100_000)
        #expect(corrected.count == 20_000)
        // Half of the time everybody waited, 50 s in the mean: p75 is in the middle of the stall.
        let p75 = Double(corrected.nanoseconds(at: 0.75)) / 1e9
        #expect(abs(p75 - 50) < 0.2)
    }

    @Test("the curve rises, ends at the maximum, and has ten points for each nine")
    func curve() throws {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.record(UInt64(value) * 1000) }
        let curve = histogram.curve()
        #expect(curve.count == 42)
        #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.nanoseconds <= $1.nanoseconds })
        let end = try #require(curve.last)
        #expect(end.quantile == 1 && end.nanoseconds == 10_000_000)
        #expect(LatencyHistogram().curve().isEmpty)
    }

    @Test("bins hold every value once, each where it belongs")
    func bins() {
        var histogram = LatencyHistogram()
        let values: [UInt64] = [200, 100_000, 110_000, 5_000_000, 90_000_000_000]
        for value in values { histogram.record(value) }
        let bins = histogram.bins()
        #expect(bins.map(\.count).reduce(0, +) == 5)
        #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.to == $1.from })
        for value in values {
            // Recorded values are exact to a thousandth, and so are the edges.
            let near = bins.filter { Double($0.from) * 0.999 <= Double(value) + 64 }
                .filter { Double(value) <= Double($0.to) * 1.001 }
            #expect(near.contains { $0.count > 0 }, "\(value)")
        }
    }

    @Test("who waited in vain counts with the time waited, who was refused does not")
    func failures() {
        var recorder = Recorder(parts: 0)
        recorder.recordSuccess(1_000_000)
        recorder.recordFailure(.timeout, after: 9_000_000_000)
        recorder.recordFailure(.status(503), after: 1000)
        let result = recorder.result(name: "x", parts: [])
        #expect(result.ok == 1 && result.failed == 2)
        #expect(result.latency.count == 2 && result.latency.max > 8_900_000)
        #expect(result.errors == ["timeout": 1, "status_503": 1])
    }
}
