import HTTPTypes
import Synchronization

/// Counts requests by route and class of status, and how long they took.
package final class HTTPMetrics: Sendable {
    /// What is answered on paths that no route has.
    private let unmatched = RouteCounters()
    private let routes = Mutex<[Route]>([])
    private let inFlight = Atomic<Int>(0)
    /// What the connection refused before it became a request.
    private let refused = Atomic<Int>(0)

    package init() {}

    /// Shows the counters of these routes from now on.
    package func show(_ table: EndpointTable) { routes.withLock { $0 = table.routes } }

    /// Shows those of further routes, which are not in the table.
    func showMore(_ more: [Route]) { routes.withLock { $0 += more } }

    package func requestBegan() { inFlight.add(1, ordering: .relaxed) }

    package func requestEnded(_ route: Route?, status: Int, took: Duration) {
        inFlight.subtract(1, ordering: .relaxed)
        (route?.counters ?? unmatched).add(status: status, took: took)
    }

    package func connectionRefused() { refused.add(1, ordering: .relaxed) }

    package var requestsInFlight: Int { inFlight.load(ordering: .relaxed) }

    var allCounters: [RouteCounters] { routes.withLock { $0 }.map(\.counters) + [unmatched] }

    /// Appends this part of `GET /metrics`.
    func write(to text: inout PrometheusText) {
        let named = routes.withLock { $0 }.map {
            ($0.endpoint.method.rawValue, $0.endpoint.path, $0.counters)
        }
        let all = (named + [("-", "-", unmatched)]).map { method, path, counters in
            (labels: [("method", method), ("route", path)], counters.read())
        }.filter { $0.1.total > 0 }
        text.family(
            "countersign_http_requests_total", .counter, "Requests answered, by route and status.")
        for (labels, counters) in all {
            for (index, count) in counters.byStatusClass.enumerated() where count > 0 {
                text.sample(labels: labels + [("status", "\(index + 1)xx")], Double(count))
            }
        }
        text.family(
            "countersign_http_request_duration_seconds", .histogram,
            "Time from a request's head to its answer.")
        for (labels, counters) in all {
            var sum: Int64 = 0
            for (index, count) in counters.byDuration.enumerated() {
                sum += count
                let bound =
                    index < RouteCounters.boundsMicroseconds.count
                    ? PrometheusText.number(Double(RouteCounters.boundsMicroseconds[index]) / 1e6)
                    : "+Inf"
                text.sample(suffix: "_bucket", labels: labels + [("le", bound)], Double(sum))
            }
            text.sample(suffix: "_sum", labels: labels, Double(counters.microseconds) / 1e6)
            text.sample(suffix: "_count", labels: labels, Double(sum))
        }
        text.family("countersign_http_requests_in_flight", .gauge, "Requests being answered now.")
        text.sample(Double(requestsInFlight))
        text.family(
            "countersign_http_connections_refused_total", .counter,
            "Connections closed because what came over them was no acceptable HTTP.")
        text.sample(Double(refused.load(ordering: .relaxed)))
    }
}
