/// What the generator itself cost, and how punctual it was.
package struct GeneratorResult: Codable, Sendable {
    /// Actual minus intended send time of requests that had a connection free in time.
    package var sendLag: LatencySummary?
    /// How long requests waited for one of the connections to become free.
    package var connectionWait: LatencySummary?
    package var processorSeconds: Double
    /// Of the cores that its threads can use, 0…1.
    package var processorShare: Double
    package var processorMicrosecondsPerRequest: Double
    /// Of all cores of the machine, everybody's work together, 0…1.
    package var machineBusyShare: Double
    package var connects: Int
    /// Attempts to connect that failed, by what happened.
    package var connectErrors: [String: Int]

    package init(
        sendLag: LatencySummary?, connectionWait: LatencySummary?, processorSeconds: Double,
        processorShare: Double, processorMicrosecondsPerRequest: Double, machineBusyShare: Double,
        connects: Int, connectErrors: [String: Int]
    ) {
        self.sendLag = sendLag
        self.connectionWait = connectionWait
        self.processorSeconds = processorSeconds
        self.processorShare = processorShare
        self.processorMicrosecondsPerRequest = processorMicrosecondsPerRequest
        self.machineBusyShare = machineBusyShare
        self.connects = connects
        self.connectErrors = connectErrors
    }

    /// Why the figures may be the generator's rather than the server's; nil when they are not.
    package var limit: String? {
        if processorShare >= Self.processorShareMax {
            let percent = Int((processorShare * 100).rounded())
            return "the generator used \(percent) % of the processor time that its threads can get"
        }
        if let sendLag, sendLag.count > 0, sendLag.p99 > Self.lagMicrosecondsMax {
            return "the generator sent late: p99 of the lag is \(Figure.latency(sendLag.p99))"
        }
        return nil
    }

    /// Above it a thread has no time left to be punctual.
    private static let processorShareMax = 0.85
    /// As long as a quick answer takes; timers of a machine at work come that late.
    private static let lagMicrosecondsMax = 1000.0

    private enum CodingKeys: String, CodingKey {
        case sendLag = "send_lag"
        case connectionWait = "connection_wait"
        case processorSeconds = "cpu_seconds"
        case processorShare = "cpu_share"
        case processorMicrosecondsPerRequest = "cpu_us_per_request"
        case machineBusyShare = "machine_busy_share"
        case connects
        case connectErrors = "connect_errors"
    }
}

/// What the server cost, where its process is known.
package struct ServerResult: Codable, Sendable {
    package var processorSeconds: Double
    package var processorMicrosecondsPerRequest: Double
    package var residentMegabytes: Double

    package init(
        processorSeconds: Double, processorMicrosecondsPerRequest: Double, residentMegabytes: Double
    ) {
        self.processorSeconds = processorSeconds
        self.processorMicrosecondsPerRequest = processorMicrosecondsPerRequest
        self.residentMegabytes = residentMegabytes
    }

    private enum CodingKeys: String, CodingKey {
        case processorSeconds = "cpu_seconds"
        case processorMicrosecondsPerRequest = "cpu_us_per_request"
        case residentMegabytes = "resident_mb"
    }
}

/// The outcome of a ramp.
package struct FrontierResult: Codable, Sendable {
    package var closedLoopRate: Double
    package var stepSeconds: Double
    package var points: [FrontierPoint]
    package var steps: [FrontierStep]

    package init(
        closedLoopRate: Double, stepSeconds: Double, points: [FrontierPoint], steps: [FrontierStep]
    ) {
        self.closedLoopRate = closedLoopRate
        self.stepSeconds = stepSeconds
        self.points = points
        self.steps = steps
    }

    private enum CodingKeys: String, CodingKey {
        case closedLoopRate = "closed_loop_rate"
        case stepSeconds = "step_seconds"
        case points
        case steps
    }
}
