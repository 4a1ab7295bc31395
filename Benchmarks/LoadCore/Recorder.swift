/// Counts and latencies of one scenario in one thread. Only operations that were meant to begin
/// within the measured time are recorded.
package struct Recorder: Sendable {
    package var latency = LatencyHistogram()
    package var parts: [LatencyHistogram]
    package var requests = 0
    package var bytesSent = 0
    package var bytesReceived = 0
    package var retryAfterSeen = 0
    private var ok = 0
    private var failures: [Failure: Int] = [:]
    private var statuses = [Int](repeating: 0, count: Self.statusEnd)
    private let expectedInterval: UInt64

    /// Status codes have three digits.
    private static let statusEnd = 1000

    /// - Parameter expectedInterval: in nanoseconds, to correct service times; 0 is none.
    package init(parts: Int, expectedInterval: UInt64 = 0) {
        self.parts = (0..<parts).map { _ in LatencyHistogram() }
        self.expectedInterval = expectedInterval
    }

    package var failed: Int { failures.values.reduce(0, +) }

    package mutating func recordSuccess(_ nanoseconds: UInt64) {
        ok += 1
        latency.record(nanoseconds, expectedInterval: expectedInterval)
    }

    package mutating func recordFailure(_ failure: Failure, after nanoseconds: UInt64) {
        failures[failure, default: 0] += 1
        if failure.isWaiting { latency.record(nanoseconds, expectedInterval: expectedInterval) }
    }

    package mutating func recordStatus(_ status: Int) {
        if status < Self.statusEnd { statuses[status] += 1 }
    }

    package mutating func add(_ other: Recorder) {
        latency.add(other.latency)
        for index in parts.indices where index < other.parts.count {
            parts[index].add(other.parts[index])
        }
        requests += other.requests
        bytesSent += other.bytesSent
        bytesReceived += other.bytesReceived
        retryAfterSeen += other.retryAfterSeen
        ok += other.ok
        failures.merge(other.failures) { $0 + $1 }
        for status in statuses.indices { statuses[status] += other.statuses[status] }
    }

    package func result(name: String, parts names: [String]) -> ScenarioResult {
        var byStatus: [String: Int] = [:]
        for (status, count) in statuses.enumerated() where count > 0 {
            byStatus[String(status)] = count
        }
        return ScenarioResult(
            name: name, ok: ok, failed: failed, unfinished: failures[.unfinished] ?? 0,
            latency: LatencySummary(latency), curve: latency.curvePoints,
            distribution: latency.distribution,
            parts: zip(names, parts).map {
                PartResult(name: $0, latency: LatencySummary($1))
            },
            errors: Dictionary(uniqueKeysWithValues: failures.map { ($0.name, $1) }),
            statuses: byStatus, retryAfterSeen: retryAfterSeen, requests: requests,
            bytesSent: bytesSent, bytesReceived: bytesReceived)
    }
}

/// What one thread saw end within one second.
package struct Slice: Sendable {
    package let second: Int
    package var ok = 0
    package var failed = 0
    package var latency = LatencyHistogram(.coarse)

    package init(second: Int) { self.second = second }

    package mutating func add(_ other: Slice) {
        ok += other.ok
        failed += other.failed
        latency.add(other.latency)
    }
}
