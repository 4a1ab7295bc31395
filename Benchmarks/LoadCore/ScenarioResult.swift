/// What came of one scenario, or of all of them together.
package struct ScenarioResult: Codable, Sendable {
    package var name: String
    /// Operations with all their answers as expected.
    package var ok: Int
    package var failed: Int
    /// Of the failed: still under way, or never sent, when the time to wait was over.
    package var unfinished: Int
    package var latency: LatencySummary
    package var curve: [CurvePoint]
    package var distribution: [DistributionBin]
    /// The steps of an operation of several requests, or the phases of a stream.
    package var parts: [PartResult]
    /// Failed operations by what happened.
    package var errors: [String: Int]
    /// Answers by status, whatever was expected.
    package var statuses: [String: Int]
    package var retryAfterSeen: Int
    package var requests: Int
    package var bytesSent: Int
    package var bytesReceived: Int

    package init(
        name: String, ok: Int, failed: Int, unfinished: Int, latency: LatencySummary,
        curve: [CurvePoint], distribution: [DistributionBin], parts: [PartResult],
        errors: [String: Int],
        statuses: [String: Int], retryAfterSeen: Int, requests: Int, bytesSent: Int,
        bytesReceived: Int
    ) {
        self.name = name
        self.ok = ok
        self.failed = failed
        self.unfinished = unfinished
        self.latency = latency
        self.curve = curve
        self.distribution = distribution
        self.parts = parts
        self.errors = errors
        self.statuses = statuses
        self.retryAfterSeen = retryAfterSeen
        self.requests = requests
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case ok
        case failed
        case unfinished
        case latency
        case curve
        case distribution
        case parts
        case errors
        case statuses
        case retryAfterSeen = "retry_after_seen"
        case requests
        case bytesSent = "bytes_sent"
        case bytesReceived = "bytes_received"
    }
}

package struct PartResult: Codable, Sendable {
    package var name: String
    package var latency: LatencySummary

    package init(name: String, latency: LatencySummary) {
        self.name = name
        self.latency = latency
    }
}

/// One second of the measured time, by when operations ended.
package struct SecondResult: Codable, Sendable {
    package var second: Int
    package var ok: Int
    package var failed: Int
    package var p50Microseconds: Double
    package var p99Microseconds: Double
    package var maxMicroseconds: Double

    package init(second: Int, ok: Int, failed: Int, latency: LatencyHistogram) {
        self.second = second
        self.ok = ok
        self.failed = failed
        p50Microseconds = Double(latency.nanoseconds(at: 0.5)) / 1000
        p99Microseconds = Double(latency.nanoseconds(at: 0.99)) / 1000
        maxMicroseconds = Double(latency.maxNanoseconds) / 1000
    }

    private enum CodingKeys: String, CodingKey {
        case second
        case ok
        case failed
        case p50Microseconds = "p50_us"
        case p99Microseconds = "p99_us"
        case maxMicroseconds = "max_us"
    }
}
