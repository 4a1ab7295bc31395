import Actors
import HTTPTypes
import NIOCore
import NIOHTTP1

/// One request that is answered on its connection's event loop: who it is in traces, and what the
/// access log says of it.
struct LoopVisit {
    let identity: RequestIdentity
    let source: SourceAddress
    let now: Timestamp
    let method: String
    let began = NIODeadline.now()
    /// What a limiter said, where one is configured.
    var notice: RateLimitNotice?

    var isHead: Bool { method == "HEAD" }

    var took: Duration { .nanoseconds((NIODeadline.now() - began).nanoseconds) }
}

/// Makes visits of requests, by the same rules as the front does.
struct LoopVisitor: Sendable {
    let ids: TraceIDSource
    let sources: SourceResolver
    let clock: any WallClock

    func visit(_ head: HTTPRequestHead, peer: SourceAddress) -> LoopVisit {
        var trace: String?
        if head.headers.contains(name: "traceparent") {
            let traces = head.headers["traceparent"]
            trace = traces.count == 1 ? traces[0] : nil
        }
        return LoopVisit(
            identity: RequestIdentity(traceparent: trace, ids: ids),
            source: source(head, peer: peer), now: clock.now(), method: head.method.rawValue)
    }

    private func source(_ head: HTTPRequestHead, peer: SourceAddress) -> SourceAddress {
        let isPassedOn = head.headers.contains(name: HopSeal.header)
        guard isPassedOn || head.headers.contains(name: "x-forwarded-for") else { return peer }
        var forwarded = HTTPFields()
        for value in head.headers["x-forwarded-for"] {
            forwarded.append(HTTPField(name: .xForwardedFor, value: value))
        }
        if isPassedOn { forwarded[.hop] = head.headers.first(name: HopSeal.header) }
        return sources.source(peer: peer, headers: forwarded)
    }
}
