/// The report: one page with nothing to load, which a browser, a printer and a phone can show.
package struct ReportPage {
    private let result: RunResult

    package init(_ result: RunResult) { self.result = result }

    package var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(Markup.escaped(result.title))</title>
        <style>\(ReportStyle.css)</style>
        </head>
        <body>
        <header>
        <p class="kicker">\(Markup.escaped(result.tool.name)) \
        \(Markup.escaped(result.tool.version)) · \(Markup.escaped(result.startedAt))</p>
        <h1>\(Markup.escaped(result.title))</h1>
        <p>\(Markup.escaped(Summary(result).shape)). \
        <strong>\(Markup.escaped(Summary(result).meaning))</strong></p>
        </header>
        <main>
        \(tiles)
        \(warnings)
        <section class="charts">
        \(ReportCharts(result: result).html)
        </section>
        \(ReportTables(result: result).html)
        \(origin)
        </main>
        </body>
        </html>

        """
    }

    private var tiles: String {
        let latency = result.total.latency
        var tiles = [
            ("answered", Figure.count(result.achievedRate) + "/s"),
            ("p50", Figure.latency(latency.p50)), ("p99", Figure.latency(latency.p99)),
            ("p99.9", Figure.latency(latency.p999)), ("max", Figure.latency(latency.max)),
            ("failed", Figure.grouped(result.total.failed)),
        ]
        if let offered = result.offeredRate {
            tiles.insert(("offered", Figure.count(offered) + "/s"), at: 0)
        }
        let items = tiles.map { name, value in
            let isBad = name == "failed" && result.total.failed > 0
            return "<div\(isBad ? " class=\"bad\"" : "")><dt>\(name)</dt>"
                + "<dd>\(Markup.escaped(value))</dd></div>"
        }
        return "<dl class=\"tiles\">\(items.joined())</dl>"
    }

    private var warnings: String {
        var lines = result.warnings
        if result.wasInterrupted {
            lines.insert(
                "Interrupted after \(Figure.digits(result.measuredSeconds)) s of measuring.", at: 0)
        }
        guard !lines.isEmpty else { return "" }
        let items = lines.map { "<li>\(Markup.escaped($0))</li>" }
        return "<section class=\"warnings\"><h2>To be read with care</h2>"
            + "<ul>\(items.joined())</ul></section>"
    }

    private var origin: String {
        let machine = result.machine
        let command = ([result.tool.name] + result.tool.commandLine).joined(separator: " ")
        return """
            <section><h2>How it was made</h2>
            <p><code>\(Markup.escaped(command))</code></p>
            <p>Target \(Markup.escaped(result.target)). Machine: \
            \(Markup.escaped(machine.processor)), \(machine.cores) cores, \
            \(Figure.grouped(machine.memoryMegabytes)) MB, Linux \
            \(Markup.escaped(machine.kernel)). Figures of one run on one machine compare with each \
            other and with nothing else.</p></section>

            """
    }
}

/// The run in words, for the page and the terminal.
struct Summary {
    private let result: RunResult

    init(_ result: RunResult) { self.result = result }

    var shape: String {
        let load = result.load
        var parts: [String] = []
        switch load.mode {
        case .open:
            let gaps = load.arrivals == .poisson ? "Poisson arrivals" : "constant rate"
            let rate = result.offeredRate.map(Figure.count) ?? "?"
            parts.append("Open loop, \(rate)/s at \(gaps)")
        case .closed: parts.append("Closed loop")
        }
        parts.append(counted(load.connections, "connection"))
        parts.append(counted(load.threads, "thread"))
        if load.sources > 1 { parts.append("\(load.sources) source addresses") }
        parts.append(
            "\(Figure.digits(result.measuredSeconds)) s measured after "
                + "\(Figure.digits(load.warmupSeconds)) s of warmup")
        return parts.joined(separator: ", ")
    }

    private func counted(_ count: Int, _ noun: String) -> String {
        "\(Figure.grouped(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    var meaning: String {
        switch result.load.latency {
        case .response:
            "Latency counts from the time at which each request was meant to be sent."
        case .service:
            "Latency is service time: a slow server is asked less often, so what others would "
                + "have waited is left out."
        case .corrected:
            "Latency is service time, corrected for what the expected interval says was left out."
        }
    }
}
