import Foundation
import LoadCore

/// Writes results: a table for the terminal, JSON for programs, a page to look at.
struct Output {
    private let options: OutputOptions

    init(_ options: OutputOptions) { self.options = options }

    func write(_ result: RunResult) throws {
        if let path = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try Self.write(String(decoding: encoder.encode(result), as: UTF8.self) + "\n", to: path)
        }
        if let path = options.html { try Self.write(ReportPage(result).html, to: path) }
        if !options.quiet { Self.say(TextReport(result).text) }
    }

    static func write(_ text: String, to path: String) throws {
        do {
            // In place: the path may be a pipe, or a file that somebody has open already.
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw LoadError.output("\(path): \(error.localizedDescription)")
        }
    }

    static func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}

enum Stamp {
    /// RFC 3339 in UTC.
    static func now() -> String { Date().formatted(.iso8601) }
}

extension Outcome {
    func result(
        title: String, startedAt: String, target: String, shape: ShapeOptions,
        frontier: FrontierResult?
    ) -> RunResult {
        RunResult(
            tool: ToolInfo(
                name: "countersign-load", version: LoadCommand.version,
                commandLine: Redaction.of(Array(CommandLine.arguments.dropFirst()))),
            startedAt: startedAt, title: title, machine: Host.machine, target: target,
            load: loadShape(shape), wasInterrupted: wasInterrupted,
            measuredSeconds: measuredSeconds, offeredRate: plan.offeredRate,
            achievedRate: achievedRate, total: total, scenarios: results, series: series,
            generator: generator, server: server, frontier: frontier, warnings: warnings)
    }

    private func loadShape(_ shape: ShapeOptions) -> LoadShape {
        let isOpen = plan.offeredRate != nil
        return LoadShape(
            mode: isOpen ? .open : .closed,
            latency: isOpen ? .response : plan.expectedInterval > 0 ? .corrected : .service,
            arrivals: isOpen ? shape.arrivals : nil, connections: plan.connections,
            threads: plan.threads, sources: shape.sources, warmupSeconds: shape.warmup,
            durationSeconds: shape.duration, timeoutSeconds: shape.timeout)
    }

    func step(offering rate: Double) -> FrontierStep {
        FrontierStep(
            offeredRate: rate, achievedRate: achievedRate, p50Microseconds: total.latency.p50,
            p99Microseconds: total.latency.p99, maxMicroseconds: total.latency.max,
            errors: total.failed, generatorLimit: generator.limit)
    }

    private var warnings: [String] {
        var warnings: [String] = []
        if let limit = generator.limit { warnings.append(limit + ": more --threads may help") }
        if generator.machineBusyShare >= Self.machineBusyShareMax {
            warnings.append(
                "the machine was busy (\(Figure.percent(generator.machineBusyShare)) of all cores)"
                    + ": the server and the generator take processor time from each other")
        }
        let ended = Double(series.map { $0.ok + $0.failed }.reduce(0, +))
        if let offered = plan.offeredRate,
            ended < offered * measuredSeconds * Self.endedShareMin, !wasInterrupted,
            plan.operationsMax == .max
        {
            warnings.append(
                "\(Figure.count(ended / measuredSeconds))/s came to an end of "
                    + "\(Figure.count(offered))/s "
                    + "offered: the latencies grow with the duration")
        }
        return warnings
    }

    /// Above it whoever wants a core waits for it.
    private static let machineBusyShareMax = 0.95
    private static let endedShareMin = 0.98
}

/// Bearers don't belong into files that are shown around.
enum Redaction {
    static func of(_ arguments: [String]) -> [String] {
        var redacted: [String] = []
        for (index, argument) in arguments.enumerated() {
            let before = index > 0 ? arguments[index - 1] : ""
            let name = names.first { argument.hasPrefix($0 + "=") }
            if let name {
                redacted.append(name + "=…")
            } else if names.contains(before) || argument.lowercased().contains("authorization:")
                || argument.lowercased().contains("cookie:")
            {
                redacted.append("…")
            } else {
                redacted.append(argument)
            }
        }
        return redacted
    }

    /// Options with secrets in them; settings of a server may be keys.
    private static let names = ["--admin-token", "--token", "--server-env", "--body"]
}
