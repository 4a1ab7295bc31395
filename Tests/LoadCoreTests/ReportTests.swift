import Foundation
import Testing

@testable import LoadCore

@Suite("What is told of a run")
struct ReportTests {
    private func result(failures: Int = 0, title: String = "A run") -> RunResult {
        var recorder = Recorder(parts: 1)
        for value in 1...2000 { recorder.recordSuccess(UInt64(value) * 1000) }
        recorder.parts[0].record(5000)
        for _ in 0..<failures { recorder.recordFailure(.reset, after: 10) }
        let series = (0..<4).map { second in
            var latency = LatencyHistogram(.coarse)
            latency.record(1_000_000)
            return SecondResult(second: second, ok: 500, failed: 0, latency: latency)
        }
        return RunResult(
            tool: ToolInfo(name: "countersign-load", version: "1", commandLine: ["run", "x"]),
            startedAt: "2026-01-01T00:00:00Z", title: title,
            machine: Machine(processor: "a", cores: 2, kernel: "6", memoryMegabytes: 1),
            target: "http://127.0.0.1:1",
            load: LoadShape(
                mode: .open, latency: .response, arrivals: .constant, connections: 4, threads: 1,
                sources: 1, warmupSeconds: 0, durationSeconds: 4, timeoutSeconds: 1),
            wasInterrupted: false, measuredSeconds: 4, offeredRate: 500, achievedRate: 500,
            total: recorder.result(name: "total", parts: []),
            scenarios: [recorder.result(name: "x", parts: ["first"])], series: series,
            generator: GeneratorResult(
                sendLag: nil, connectionWait: nil, processorSeconds: 1, processorShare: 0.25,
                processorMicrosecondsPerRequest: 5, machineBusyShare: 0.5, connects: 4,
                connectErrors: [:]),
            server: nil, frontier: nil, warnings: [])
    }

    @Test("results survive their JSON")
    func roundTrip() throws {
        let first = result(failures: 3)
        let data = try JSONEncoder().encode(first)
        let second = try JSONDecoder().decode(RunResult.self, from: data)
        #expect(second.total.errors == ["reset": 3])
        #expect(second.total.latency == first.total.latency)
        #expect(ReportPage(second).html == ReportPage(first).html)
    }

    @Test("the page loads nothing and runs nothing")
    func selfContained() {
        let html = ReportPage(result()).html
        #expect(html.contains("<svg") && html.contains("prefers-color-scheme: dark"))
        for forbidden in ["http://www", "https://", "<script", "src=", "href=", "@import", "url("] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
    }

    @Test("a title is text, whatever is in it")
    func escaping() {
        let html = ReportPage(result(title: "<b>\"&")).html
        #expect(html.contains("<h1>&lt;b&gt;&quot;&amp;</h1>") && !html.contains("<b>\""))
    }

    @Test("no coordinate of a chart is beyond the drawing")
    func coordinates() {
        let html = ReportPage(result(failures: 1)).html
        for match in html.matches(of: /\s(?:x1|x2|cx|x)="(?<at>[^"]+)"/) {
            #expect((0...520).contains(Double(match.at) ?? -1), "\(match.at)")
        }
        for match in html.matches(of: /\s(?:y1|y2|cy|y)="(?<at>[^"]+)"/) {
            #expect((0...300).contains(Double(match.at) ?? -1), "\(match.at)")
        }
    }

    @Test("a closed loop says that it is one, on paper and in the terminal")
    func closedLoop() {
        var closed = result()
        closed.load.mode = .closed
        closed.load.latency = .service
        closed.offeredRate = nil
        #expect(ReportPage(closed).html.contains("Latency is service time"))
        #expect(TextReport(closed).text.contains("Latency is service time"))
    }

    @Test("a generator at its limit says so")
    func limit() {
        var generator = result().generator
        #expect(generator.limit == nil)
        generator.processorShare = 0.9
        #expect(generator.limit?.contains("90 %") == true)
    }

    @Test(
        "figures have three digits that matter",
        arguments: [
            (0.1234, "0.123 µs"), (12.34, "12.3 µs"), (999.0, "999 µs"), (1234, "1.23 ms"),
            (98_760, "98.8 ms"), (2_000_000, "2 s"),
        ])
    func figures(microseconds: Double, text: String) {
        #expect(Figure.latency(microseconds) == text)
    }

    @Test("counts have commas, bytes have units")
    func counts() {
        #expect(Figure.grouped(1_234_567) == "1,234,567" && Figure.grouped(-1000) == "-1,000")
        #expect(Figure.count(72_834.4) == "72,834" && Figure.bytes(1536) == "1.5 KiB")
        #expect(Figure.fixed(-0.04, places: 1) == "0")
    }
}
