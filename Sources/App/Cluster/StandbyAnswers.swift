import Actors
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// What a standby says itself: about this process, and that there is no owner.
struct StandbyAnswers: Sendable {
    let ids: TraceIDSource
    let clock: any WallClock
    let sources: SourceResolver
    let metrics: @Sendable () -> [UInt8]
    /// Whether requests have somewhere to go.
    let isReady: @Sendable () -> Bool
    private let date = HTTPDate()

    init(
        ids: TraceIDSource, clock: any WallClock, sources: SourceResolver,
        metrics: @escaping @Sendable () -> [UInt8], isReady: @escaping @Sendable () -> Bool
    ) {
        self.ids = ids
        self.clock = clock
        self.sources = sources
        self.metrics = metrics
        self.isReady = isReady
    }

    typealias Answer = (head: HTTPResponseHead, body: ByteBuffer)

    func answer(_ head: HTTPRequestHead, _ visit: LoopVisit) -> Answer {
        switch head.uri {
        case "/health": status("ok", visit)
        case "/ready": isReady() ? status("ready", visit) : refusal(.notReady)
        default:
            isLocal(head, visit)
                ? own(metrics(), PrometheusText.contentType, visit) : refusal(.forbidden)
        }
    }

    /// Nobody here could check a token.
    private func isLocal(_ head: HTTPRequestHead, _ visit: LoopVisit) -> Bool {
        sources.isLocal(visit.source, headers: HTTPFields(head.headers, splitCookie: false))
    }

    private func status(_ word: String, _ visit: LoopVisit) -> Answer {
        let text = "{\"status\":\"\(word)\",\"trace_id\":\"\(visit.identity.trace)\"}"
        return own(Array(text.utf8), "application/json", visit)
    }

    private func own(_ body: [UInt8], _ type: String, _ visit: LoopVisit) -> Answer {
        let headers: HTTPHeaders = [
            "content-type": type,
            "content-length": String(body.count),
            "cache-control": "no-store",
            "date": date.text(at: visit.now),
            HTTPField.Name.traceID.rawName: visit.identity.trace.description,
            HTTPField.Name.traceparent.rawName: visit.identity.traceparent,
        ]
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        return (head, ByteBuffer(bytes: body))
    }

    func refusal(_ code: ErrorCode) -> Answer {
        let answer = RefusalAnswer(code, ids: ids, date: date.text(at: clock.now()))
        var head = answer.head
        // `ConnectionHandler` says what becomes of the connection.
        head.headers.remove(name: "connection")
        return (head, answer.body)
    }
}
