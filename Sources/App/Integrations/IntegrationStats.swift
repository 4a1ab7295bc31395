import Actors

/// What an integration did hour by hour, how long it took, and what its provider says of limits.
struct IntegrationStats {
    let hours: [UsageHour]
    let limits: (rows: [RateLimitMemory.Row], at: Timestamp)?

    private static let quantiles: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99),
    ]

    /// The object stays open for the trace id.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("hours")
        json.beginArray()
        for hour in hours {
            json.beginObject()
            json.member("start", hour.start)
            json.member("ok", hour.ok)
            json.member("failed", hour.failed)
            json.member("reported", hour.reported)
            json.key("latency_ms")
            Self.write(hour.latencies, to: &json)
            json.endObject()
        }
        json.endArray()
        json.key("latency_ms")
        var whole = LatencyHistogram()
        for hour in hours { whole.add(hour.latencies) }
        Self.write(whole, to: &json)
        json.key("rate_limits")
        writeLimits(to: &json)
    }

    private static func write(_ latencies: LatencyHistogram, to json: inout JSONWriter) {
        json.beginObject()
        for (name, share) in quantiles { json.member(name, latencies.quantile(share)) }
        json.endObject()
    }

    private func writeLimits(to json: inout JSONWriter) {
        guard let limits else { return json.null() }
        json.beginObject()
        json.member("at", limits.at)
        json.key("limits")
        json.beginArray()
        for row in limits.rows {
            json.beginObject()
            json.member("name", row.name)
            json.member("limit", row.limit)
            json.member("remaining", row.remaining)
            json.member("reset", row.reset)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    static var schema: Schema {
        let latency = Schema.object(
            quantiles.map {
                .init($0.name, .nullable(.integer), note: "At most an eighth too high.")
            })
        let text = Schema.nullable(.string())
        return .object([
            .init(
                "hours",
                .array(
                    .object([
                        .init("start", .string(format: "date-time")), .init("ok", .integer),
                        .init("failed", .integer),
                        .init("reported", .integer, note: "Of both, what callers reported."),
                        .init("latency_ms", latency),
                    ])), note: "Oldest first; the last one is the current hour."),
            .init("latency_ms", latency),
            .init(
                "rate_limits",
                .nullable(
                    .object([
                        .init("at", .string(format: "date-time")),
                        .init(
                            "limits",
                            .array(
                                .object([
                                    .init("name", .string(example: "requests")),
                                    .init("limit", text), .init("remaining", text),
                                    .init("reset", text, note: "As the provider writes it."),
                                ]))),
                    ])), note: "What the provider said last; null when it said nothing."),
        ])
    }
}
