import Actors
import HTTPTypes
import Hummingbird
import NIOCore

/// One JSON line for each request that was answered. It names the route and never the path, so that
/// ids, addresses, codes and whatever else a caller puts into a path or query stay out of the log.
package struct AccessLog: Sendable {
    private let sink: LogSink

    package init(to sink: LogSink) { self.sink = sink }

    func record(
        _ visit: Visit, _ method: HTTPRequest.Method, _ response: Response, took: Duration
    ) {
        var line = LogLine(at: visit.now, kind: "access")
        line.member("trace_id", ascii: visit.identity.trace.utf8Bytes)
        line.member("method", method.rawValue)
        line.member("route", visit.route?.endpoint.path ?? "-")
        line.member("status", Int64(response.status.code))
        line.member("duration_us", took.microseconds)
        line.member("bytes", Int64(response.body.contentLength ?? 0))
        switch visit.caller {
        case .anonymous:
            line.member("caller", "anonymous")
        case .session(let principal):
            line.member("caller", "session")
            line.member("user_id", principal.user.id.description)
        case .token(let principal):
            line.member("caller", "token")
            line.member("token_id", principal.id.description)
        }
        line.member("source", visit.source.text)
        sink.append(line.finished)
    }

    /// The same for a gateway call.
    func record(
        _ visit: GatewayVisit, route: String, token: TokenPrincipal?, status: Int, bytes: UInt64,
        took: Duration
    ) {
        var line = LogLine(at: visit.now, kind: "access")
        line.member("trace_id", ascii: visit.identity.trace.utf8Bytes)
        line.member("method", visit.method)
        line.member("route", route)
        line.member("status", Int64(status))
        line.member("duration_us", took.microseconds)
        line.member("bytes", Int64(clamping: bytes))
        line.member("caller", token == nil ? "anonymous" : "token")
        if let token { line.member("token_id", token.id.description) }
        line.member("source", visit.source.text)
        sink.append(line.finished)
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
