/// The charts of a report, those that its results have something to show in.
struct ReportCharts {
    let result: RunResult

    var html: String {
        let found = frontier.map { $0.html + ReportTables(result: result).frontier } ?? ""
        return found
            + ([percentiles, distribution, throughput, latencies] as [Chart?]).compactMap {
                $0?.html
            }
            .joined()
    }

    /// What the series of figures belong to, when there is a ramp as well.
    private var note: String {
        guard result.frontier != nil, let rate = result.offeredRate else { return "" }
        return " At \(Figure.count(rate))/s, the highest rate that met a bound."
    }

    // MARK: Latency by percentile

    private var percentiles: Chart? {
        let scenarios = result.scenarios.filter { !$0.curve.isEmpty }
        guard let longest = scenarios.map(\.latency.count).max() else { return nil }
        let values = scenarios.flatMap { $0.curve.map(\.microseconds) }
        var chart = Chart(
            title: "Latency by percentile",
            caption: "Each step to the right is one nine more; both axes are logarithmic." + note,
            x: .nines("percentile →", count: longest),
            y: .logarithmic("latency", over: values, label: Figure.latency))
        chart.lines = scenarios.enumerated().map { index, scenario in
            Chart.Line(
                name: scenario.name, colour: index % Self.colours + 1,
                points: scenario.curve.map {
                    (Axis.nines($0.quantile, count: scenario.latency.count), $0.microseconds)
                })
        }
        return chart
    }

    private static let colours = 6

    private var distribution: Chart? {
        let scenarios = result.scenarios.filter { !$0.distribution.isEmpty }
        let bins = scenarios.flatMap(\.distribution)
        guard !bins.isEmpty else { return nil }
        let highest = scenarios.flatMap { scenario in
            scenario.distribution.map { share($0, of: scenario) }
        }.max()
        var chart = Chart(
            title: "Distribution of latencies",
            caption: "Shares of answers; two humps are two ways that a request can go." + note,
            x: .logarithmic(
                "latency →", over: bins.map(\.fromMicroseconds) + bins.map(\.toMicroseconds),
                label: Figure.latency),
            y: .linear("share", to: (highest ?? 1) * 1.05) { Figure.percent($0) })
        chart.lines = scenarios.enumerated().map { index, scenario in
            Chart.Line(
                name: scenario.name, colour: index % Self.colours + 1,
                points: scenario.distribution.flatMap { bin in
                    let height = share(bin, of: scenario)
                    return [(bin.fromMicroseconds, height), (bin.toMicroseconds, height)]
                }, isFilled: true)
        }
        return chart
    }

    private func share(_ bin: DistributionBin, of scenario: ScenarioResult) -> Double {
        Double(bin.count) / Double(max(1, scenario.latency.count))
    }

    // MARK: Over time

    private var throughput: Chart? {
        guard let last = result.series.last, result.series.count > 1 else { return nil }
        let highest = result.series.map { Double($0.ok + $0.failed) }.max() ?? 0
        let offered = result.offeredRate
        let end = max(Double(last.second + 1), result.measuredSeconds)
        var chart = Chart(
            title: "Throughput over time", caption: "Answers in each second." + note,
            x: .whole("seconds →", to: end) { Figure.digits($0) },
            y: .linear("answers a second", to: max(highest, offered ?? 0) * 1.05) {
                Figure.count($0)
            })
        chart.lines = [
            Chart.Line(
                name: "as expected", colour: 1,
                points: steps(result.series) { Double($0.ok) },
                isFilled: true)
        ]
        if result.total.failed > 0 {
            chart.lines.append(
                Chart.Line(
                    name: "failed", colour: 2,
                    points: steps(result.series) { Double($0.failed) }))
        }
        if let offered {
            chart.lines.append(
                Chart.Line(
                    name: "offered", colour: 3, points: [(0, offered), (end, offered)],
                    isDashed: true))
        }
        return chart
    }

    private var latencies: Chart? {
        let series = result.series.filter { $0.ok + $0.failed > 0 && $0.maxMicroseconds > 0 }
        guard let last = series.last, series.count > 1 else { return nil }
        let end = max(Double(last.second + 1), result.measuredSeconds)
        let values = series.flatMap { [$0.p50Microseconds, $0.maxMicroseconds] }
        var chart = Chart(
            title: "Latency over time",
            caption: "Of the answers that came in each second." + note,
            x: .whole("seconds →", to: end) { Figure.digits($0) },
            y: .logarithmic("latency", over: values, label: Figure.latency))
        let kinds: [(String, Int, (SecondResult) -> Double)] = [
            ("max", 2, { $0.maxMicroseconds }), ("p99", 4, { $0.p99Microseconds }),
            ("p50", 1, { $0.p50Microseconds }),
        ]
        chart.lines = kinds.map { name, colour, value in
            Chart.Line(
                name: name, colour: colour,
                points: steps(series, value))
        }
        return chart
    }

    /// A second's figure holds for all of it.
    private func steps(_ series: [SecondResult], _ value: (SecondResult) -> Double) -> [(
        x: Double, y: Double
    )] {
        series.flatMap { second in
            let height = value(second)
            return [(Double(second.second), height), (Double(second.second + 1), height)]
        }
    }

    // MARK: The frontier

    private var frontier: Chart? {
        guard let frontier = result.frontier, !frontier.steps.isEmpty else { return nil }
        let steps = frontier.steps.sorted { $0.offeredRate < $1.offeredRate }
        let bounds = frontier.points.map(\.boundMilliseconds)
        var chart = Chart(
            title: "Throughput frontier",
            caption: "Each dot is a step of \(Figure.digits(frontier.stepSeconds)) s in open loop; "
                + "full dots were sustained without an error.",
            x: .whole("offered requests a second →", to: (steps.last?.offeredRate ?? 1) * 1.04) {
                Figure.count($0)
            },
            y: .logarithmic(
                "p99", over: steps.map(\.p99Microseconds) + bounds.map { $0 * 1000 },
                label: Figure.latency))
        chart.levels = bounds.map {
            Chart.Level(y: $0 * 1000, label: "p99 ≤ \(Figure.digits($0)) ms")
        }
        chart.lines = [
            Chart.Line(
                name: "p99", colour: 1, points: steps.map { ($0.offeredRate, $0.p99Microseconds) })
        ]
        chart.dots = steps.map { step in
            Chart.Dot(
                x: step.offeredRate, y: step.p99Microseconds, isGood: step.isSustained,
                note: "\(Figure.count(step.offeredRate))/s offered, "
                    + "\(Figure.count(step.achievedRate))/s answered, "
                    + "p99 \(Figure.latency(step.p99Microseconds)), \(step.errors) errors")
        }
        return chart
    }
}
