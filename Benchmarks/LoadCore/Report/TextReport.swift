/// The results as a table for a terminal.
package struct TextReport {
    private let result: RunResult

    package init(_ result: RunResult) { self.result = result }

    package var text: String {
        let summary = Summary(result)
        var lines = [result.title, summary.shape + ".", summary.meaning, ""]
        if let frontier = result.frontier { lines += rows(frontier) + [""] }
        lines += latencies + [""]
        lines.append(totals)
        if !result.total.errors.isEmpty { lines.append("failed: " + counts(result.total.errors)) }
        if !result.generator.connectErrors.isEmpty {
            lines.append("failed to connect: " + counts(result.generator.connectErrors))
        }
        if result.total.retryAfterSeen > 0 {
            lines.append("answers with Retry-After: \(Figure.grouped(result.total.retryAfterSeen))")
        }
        lines.append(cost)
        if result.wasInterrupted { lines.append("interrupted: these are the results up to then") }
        lines += result.warnings.map { "warning: " + $0 }
        return lines.joined(separator: "\n")
    }

    private var latencies: [String] {
        let names = result.total.latency.columns.map(\.name) + ["mean"]
        var rows = [[""] + names]
        for scenario in result.scenarios {
            rows.append(row(scenario.name, scenario.latency))
            for part in scenario.parts { rows.append(row("  " + part.name, part.latency)) }
        }
        if result.scenarios.count > 1 { rows.append(row("all", result.total.latency)) }
        return aligned(rows)
    }

    private func row(_ name: String, _ latency: LatencySummary) -> [String] {
        [name] + latency.columns.map { Figure.latency($0.microseconds) }
            + [Figure.latency(latency.mean)]
    }

    private var totals: String {
        let total = result.total
        let offered = result.offeredRate.map { " of \(Figure.count($0))/s offered" } ?? ""
        return "\(Figure.count(result.achievedRate))/s answered\(offered): "
            + "\(Figure.grouped(total.ok)) ok, \(Figure.grouped(total.failed)) failed, "
            + "\(Figure.bytes(total.bytesSent)) sent, "
            + "\(Figure.bytes(total.bytesReceived)) received"
    }

    private var cost: String {
        let generator = result.generator
        var text =
            "generator: \(Figure.digits(generator.processorMicrosecondsPerRequest)) µs of "
            + "processor a request, \(Figure.percent(generator.processorShare)) of its threads"
        if let lag = generator.sendLag { text += ", p99 of send lag \(Figure.latency(lag.p99))" }
        if let server = result.server {
            text +=
                "; server: \(Figure.digits(server.processorMicrosecondsPerRequest)) µs a request"
        }
        return text
    }

    private func rows(_ frontier: FrontierResult) -> [String] {
        aligned(
            [["p99 within", "sustained", "p99 there", "missed at", "missed below"]]
                + frontier.points.map {
                    [
                        "\(Figure.digits($0.boundMilliseconds)) ms",
                        $0.rate.map { Figure.count($0) + "/s" } ?? "none",
                        $0.p99Microseconds.map(Figure.latency) ?? "-",
                        $0.missedRate.map { Figure.count($0) + "/s" } ?? "-",
                        Figure.grouped($0.missesBelow),
                    ]
                })
    }

    private func counts(_ counts: [String: Int]) -> String {
        counts.sorted { $0.value > $1.value }.map { "\(Figure.grouped($0.value)) \($0.key)" }
            .joined(separator: ", ")
    }

    /// The first column to the left, the others to the right.
    private func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }
    }
}
