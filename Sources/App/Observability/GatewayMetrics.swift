import Actors

/// What `GET /metrics` shows of the gateway.
struct GatewayMetrics: Sendable {
    let gateway: Gateway

    func write(to text: inout PrometheusText) async {
        text.family(
            "countersign_calls_under_way", .gauge, "Calls of providers that have not ended.")
        for (integration, count) in gateway.bulkheads.underWay.sorted(by: { $0.key < $1.key }) {
            text.sample(labels: [("integration", integration.text)], Double(count))
        }
        text.histogram(
            "countersign_gateway_overhead_seconds",
            "Time from a call's arrival to the head of its answer, less the provider's share.",
            gateway.overheads, dividedBy: 1e6)
        text.family(
            "countersign_usage_events_lost_total", .counter,
            "Events of calls that could not be written at all. It has to be zero.")
        text.sample(Double(gateway.journal.eventsLost))
    }
}
