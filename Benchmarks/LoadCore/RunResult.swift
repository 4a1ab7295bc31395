/// Everything that is told of a run: the JSON file, and what the report is drawn from.
package struct RunResult: Codable, Sendable {
    package var tool: ToolInfo
    package var startedAt: String
    package var title: String
    package var machine: Machine
    package var target: String
    package var load: LoadShape
    package var wasInterrupted: Bool
    /// How long was really measured.
    package var measuredSeconds: Double
    package var offeredRate: Double?
    package var achievedRate: Double
    package var total: ScenarioResult
    package var scenarios: [ScenarioResult]
    package var series: [SecondResult]
    package var generator: GeneratorResult
    package var server: ServerResult?
    package var frontier: FrontierResult?
    package var warnings: [String]

    package init(
        tool: ToolInfo, startedAt: String, title: String, machine: Machine, target: String,
        load: LoadShape, wasInterrupted: Bool, measuredSeconds: Double, offeredRate: Double?,
        achievedRate: Double, total: ScenarioResult, scenarios: [ScenarioResult],
        series: [SecondResult], generator: GeneratorResult, server: ServerResult?,
        frontier: FrontierResult?, warnings: [String]
    ) {
        self.tool = tool
        self.startedAt = startedAt
        self.title = title
        self.machine = machine
        self.target = target
        self.load = load
        self.wasInterrupted = wasInterrupted
        self.measuredSeconds = measuredSeconds
        self.offeredRate = offeredRate
        self.achievedRate = achievedRate
        self.total = total
        self.scenarios = scenarios
        self.series = series
        self.generator = generator
        self.server = server
        self.frontier = frontier
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case tool
        case startedAt = "started_at"
        case title
        case machine
        case target
        case load
        case wasInterrupted = "interrupted"
        case measuredSeconds = "measured_seconds"
        case offeredRate = "offered_rate"
        case achievedRate = "achieved_rate"
        case total
        case scenarios
        case series
        case generator
        case server
        case frontier
        case warnings
    }
}

package struct ToolInfo: Codable, Sendable {
    package var name: String
    package var version: String
    package var commandLine: [String]

    package init(name: String, version: String, commandLine: [String]) {
        self.name = name
        self.version = version
        self.commandLine = commandLine
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case version
        case commandLine = "command_line"
    }
}

package struct Machine: Codable, Sendable {
    package var processor: String
    package var cores: Int
    package var kernel: String
    package var memoryMegabytes: Int

    package init(processor: String, cores: Int, kernel: String, memoryMegabytes: Int) {
        self.processor = processor
        self.cores = cores
        self.kernel = kernel
        self.memoryMegabytes = memoryMegabytes
    }

    private enum CodingKeys: String, CodingKey {
        case processor
        case cores
        case kernel
        case memoryMegabytes = "memory_mb"
    }
}

/// How the load was made.
package struct LoadShape: Codable, Sendable {
    package enum Mode: String, Codable, Sendable {
        /// Requests are sent at intended times, whatever the server does.
        case open
        /// Each connection sends when it has its answer.
        case closed
    }

    /// What the latencies are counted from.
    package enum Latency: String, Codable, Sendable {
        /// From the intended time: waiting for a free connection is included.
        case response = "response_time"
        /// From the real time of sending: a slow server is asked less often.
        case service = "service_time"
        /// Service time, with what an expected interval says was left out.
        case corrected = "service_time_corrected"
    }

    package var mode: Mode
    package var latency: Latency
    package var arrivals: ArrivalSchedule.Arrivals?
    package var connections: Int
    package var threads: Int
    package var sources: Int
    package var warmupSeconds: Double
    package var durationSeconds: Double
    package var timeoutSeconds: Double

    package init(
        mode: Mode, latency: Latency, arrivals: ArrivalSchedule.Arrivals?, connections: Int,
        threads: Int, sources: Int, warmupSeconds: Double, durationSeconds: Double,
        timeoutSeconds: Double
    ) {
        self.mode = mode
        self.latency = latency
        self.arrivals = arrivals
        self.connections = connections
        self.threads = threads
        self.sources = sources
        self.warmupSeconds = warmupSeconds
        self.durationSeconds = durationSeconds
        self.timeoutSeconds = timeoutSeconds
    }

    private enum CodingKeys: String, CodingKey {
        case mode
        case latency
        case arrivals
        case connections
        case threads
        case sources
        case warmupSeconds = "warmup_seconds"
        case durationSeconds = "duration_seconds"
        case timeoutSeconds = "timeout_seconds"
    }
}
