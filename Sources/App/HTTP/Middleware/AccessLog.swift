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
        Self.write(visit.caller, to: &line)
        line.member("source", visit.source.text)
        sink.append(line.finished)
    }

    /// The same for a request that was answered on its event loop.
    func record(
        _ visit: LoopVisit, route: String, caller: Caller, status: Int, bytes: UInt64,
        took: Duration
    ) {
        var line = LogLine(at: visit.now, kind: "access")
        line.member("trace_id", ascii: visit.identity.trace.utf8Bytes)
        line.member("method", visit.method)
        line.member("route", route)
        line.member("status", Int64(status))
        line.member("duration_us", took.microseconds)
        line.member("bytes", Int64(clamping: bytes))
        Self.write(caller, to: &line)
        line.member("source", visit.source.text)
        sink.append(line.finished)
    }

    private static func write(_ caller: Caller, to line: inout LogLine) {
        switch caller {
        case .anonymous:
            line.member("caller", "anonymous")
        case .session(let principal):
            line.member("caller", "session")
            line.member("user_id", principal.user.id.description)
        case .token(let principal):
            line.member("caller", "token")
            line.member("token_id", principal.id.description)
        }
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
