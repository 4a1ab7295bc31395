/// All that `GET /metrics` shows: the front's own counters and what other parts add as they are
/// built.
package struct Metrics: Sendable {
    /// Appends families and samples; asked anew for each scrape.
    package typealias Source = @Sendable (inout PrometheusText) async -> Void

    package let http: HTTPMetrics
    private let sources: [Source]

    package init(http: HTTPMetrics, sources: [Source] = []) {
        self.http = http
        self.sources = sources
    }

    package func text() async -> [UInt8] {
        var text = PrometheusText()
        http.write(to: &text)
        for source in sources { await source(&text) }
        return text.bytes
    }
}
