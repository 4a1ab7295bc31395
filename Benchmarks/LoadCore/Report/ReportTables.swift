/// The tables of a report.
struct ReportTables {
    let result: RunResult

    var html: String { latencies + failures + generator }

    private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
        let cells = head.enumerated().map { index, name in
            "<th\(index == 0 ? "" : " class=\"n\"")>\(Markup.escaped(name))</th>"
        }.joined()
        let header =
            head.allSatisfy(\.isEmpty) ? "" : "<thead><tr>\(cells)</tr></thead>"
        let lines = rows.map { row in
            let cells = row.enumerated().map { index, cell in
                index == 0
                    ? "<th scope=\"row\">\(Markup.escaped(cell))</th>"
                    : "<td class=\"n\">\(Markup.escaped(cell))</td>"
            }.joined()
            return "<tr>\(cells)</tr>"
        }.joined(separator: "\n")
        let style = header.isEmpty ? " class=\"facts\"" : ""
        return """
            <section\(style)><h2>\(Markup.escaped(title))</h2>
            <div class="scroll"><table>\(header)
            <tbody>\(lines)</tbody></table></div></section>

            """
    }

    // MARK: Latencies

    private var latencies: String {
        let names = result.total.latency.columns.map(\.name) + ["mean", "count"]
        var rows = result.scenarios.flatMap { scenario in
            [row(scenario.name, scenario.latency)]
                + scenario.parts.map { row("· " + $0.name, $0.latency) }
        }
        if result.scenarios.count > 1 { rows.append(row("all", result.total.latency)) }
        return table("Latency", [""] + names, rows)
    }

    private func row(_ name: String, _ latency: LatencySummary) -> [String] {
        [name] + latency.columns.map { Figure.latency($0.microseconds) }
            + [Figure.latency(latency.mean), Figure.grouped(Int(latency.count))]
    }

    // MARK: Failures

    private var failures: String {
        let rows = result.scenarios.map { scenario in
            [
                scenario.name, Figure.grouped(scenario.ok), Figure.grouped(scenario.failed),
                counts(scenario.errors), counts(scenario.statuses),
                Figure.bytes(scenario.bytesSent), Figure.bytes(scenario.bytesReceived),
            ]
        }
        return table(
            "Answers", ["", "ok", "failed", "why", "statuses", "sent", "received"], rows)
    }

    private func counts(_ counts: [String: Int]) -> String {
        let parts = counts.sorted { $0.value > $1.value }.map {
            "\($0.key) × \(Figure.grouped($0.value))"
        }
        return parts.isEmpty ? "–" : parts.joined(separator: ", ")
    }

    // MARK: The frontier

    /// Stands beside the frontier's chart.
    var frontier: String {
        guard let frontier = result.frontier else { return "" }
        let rows = frontier.points.map { point in
            [
                "p99 ≤ \(Figure.digits(point.boundMilliseconds)) ms",
                point.rate.map { Figure.count($0) + "/s" } ?? "none",
                point.p99Microseconds.map(Figure.latency) ?? "–",
                point.missedRate.map { Figure.count($0) + "/s" } ?? "–",
                Figure.grouped(point.missesBelow),
            ]
        }
        let closed = "closed loop"
        return table(
            "Frontier", ["", "sustained", "p99 there", "missed at", "missed below"],
            rows + [[closed, Figure.count(frontier.closedLoopRate) + "/s", "–", "–", "–"]])
    }

    // MARK: The generator

    private var generator: String {
        let generator = result.generator
        var rows = [
            [
                "generator's processor time",
                "\(Figure.digits(generator.processorMicrosecondsPerRequest)) µs a request, "
                    + "\(Figure.percent(generator.processorShare)) of what its threads can get",
            ],
            ["all cores of the machine", Figure.percent(generator.machineBusyShare) + " busy"],
            ["connections made", Figure.grouped(generator.connects)],
        ]
        if !generator.connectErrors.isEmpty {
            rows.append(["attempts that failed", counts(generator.connectErrors)])
        }
        if let lag = generator.sendLag {
            rows.append([
                "sent late by the generator",
                "p99 \(Figure.latency(lag.p99)), max \(Figure.latency(lag.max))",
            ])
        }
        if let wait = generator.connectionWait {
            rows.append([
                "waited for a free connection",
                "p99 \(Figure.latency(wait.p99)), max \(Figure.latency(wait.max))",
            ])
        }
        if let server = result.server {
            rows.append([
                "server's processor time",
                "\(Figure.digits(server.processorMicrosecondsPerRequest)) µs a request, "
                    + "\(Figure.digits(server.residentMegabytes)) MB resident",
            ])
        }
        return table("Who paid for it", ["", ""], rows)
    }
}
