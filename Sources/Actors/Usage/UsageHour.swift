/// What happened in one hour, for charts.
package struct UsageHour: Sendable, Equatable {
    package let start: Timestamp
    package let ok: UInt64
    package let failed: UInt64
    package let reported: UInt64
    package let latencies: LatencyHistogram
}

extension UsageState {
    private static let hourSeconds: Int64 = 3600

    /// The last hours with the current one as the last, oldest first.
    package func hours(
        of integration: IntegrationID, count: Int, at now: Timestamp
    ) -> [UsageHour] {
        let usage = integrations[integration]
        let last = now.seconds / Self.hourSeconds
        return (last - Int64(count) + 1...last).map { hour in
            let start = hour * Self.hourSeconds
            let tally = usage?.day.tally(seconds: start...start + Self.hourSeconds - 1)
            return UsageHour(
                start: Timestamp(seconds: start), ok: tally?.ok ?? 0, failed: tally?.failed ?? 0,
                reported: tally?.reported ?? 0,
                latencies: usage?.latencies.hour(hour) ?? LatencyHistogram())
        }
    }
}
