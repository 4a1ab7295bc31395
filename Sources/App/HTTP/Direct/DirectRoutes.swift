import Actors
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The two hottest requests, a session check and a report of one event, answered where they arrive:
/// on the connection's event loop, without the hops that the long way through Hummingbird takes.
///
/// Only plain success is direct. Whatever else a request may be (a wrong credential, a limit that
/// somebody has configured, an odd header, a full disk) it goes the long way, from its first byte
/// on, so that there is one place that says no. The rules themselves are shared with the endpoints.
struct DirectRoutes: Sendable {
    let accounts: AccountDirectory
    let usage: UsageActor
    let integrations: Set<IntegrationID>
    let visitor: LoopVisitor
    let answer: DirectAnswer
    let metrics: HTTPMetrics
    let accessLog: AccessLog?
    /// Nil when a limit of this class is configured, which only an actor can judge.
    let sessionRoute: Route?
    let reportRoute: Route?

    /// What is larger is a batch, whose parsing would keep other connections of the loop waiting,
    /// and whose bytes have to be counted against the memory for bodies.
    private static let reportBytesMax = 4 << 10

    /// What a request turned out to be.
    enum Claim {
        case session(SessionPrincipal, Route)
        case report(TokenPrincipal, Route, isLines: Bool)
    }

    func claim(_ head: HTTPRequestHead, at now: Timestamp) -> Claim? {
        switch (head.method, head.uri) {
        case (.GET, SessionRoutes.currentPath):
            guard let sessionRoute, !hasBody(head.headers),
                let secret = bearer(head.headers, .session) ?? cookie(head.headers),
                let principal = accounts.authenticateNow(secret, at: now),
                !principal.user.isDisabled
            else { return nil }
            return .session(principal, sessionRoute)
        case (.POST, UsageRoutes.ingestPath):
            guard let reportRoute, let isLines = isPlainReport(head.headers),
                let secret = bearer(head.headers, .service),
                let token = accounts.installation.tokenIndex.authenticate(secret.digest, at: now),
                token.scopes.contains(.usageWrite)
            else { return nil }
            return .report(token, reportRoute, isLines: isLines)
        default:
            return nil
        }
    }

    private func hasBody(_ headers: HTTPHeaders) -> Bool {
        headers.contains(name: "content-length") || headers.contains(name: "transfer-encoding")
    }

    private func bearer(_ headers: HTTPHeaders, _ kind: SecretKind) -> BearerSecret? {
        let values = headers["authorization"]
        guard values.count == 1 else { return nil }
        return RequestCredential.bearerToken(values[0]).flatMap {
            BearerSecret(kind, presented: $0)
        }
    }

    private func cookie(_ headers: HTTPHeaders) -> BearerSecret? {
        guard !headers.contains(name: "authorization") else { return nil }
        let values = headers["cookie"]
        return values.count == 1 ? SessionCookie.secret(inHeader: values[0]) : nil
    }

    /// Nil unless it is a small body of announced length and of a type that needs no second look.
    private func isPlainReport(_ headers: HTTPHeaders) -> Bool? {
        guard let length = headers.first(name: "content-length").flatMap({ Int($0) }),
            length > 0, length <= Self.reportBytesMax,
            !headers.contains(name: "transfer-encoding"), !headers.contains(name: "expect"),
            !headers.contains(name: "content-encoding")
        else { return nil }
        let types = headers["content-type"]
        guard types.count == 1 else { return nil }
        switch types[0] {
        case "application/json": return false
        case UsageRoutes.ndjson: return true
        default: return nil
        }
    }

    /// What belongs to this event loop; to be called on it.
    func lane(_ loop: GatewayLoop) -> ReportLane {
        if let lane = loop.lane { return lane }
        let lane = ReportLane(
            loop.eventLoop, usage: usage, journal: loop.journal, clock: loop.clock)
        loop.lane = lane
        return lane
    }

    func ended(_ visit: LoopVisit, _ route: Route, _ caller: Caller, bytes: Int) {
        let took = visit.took
        metrics.requestBegan()
        metrics.requestEnded(route, status: 200, took: took)
        accessLog?.record(
            visit, route: route.endpoint.path, caller: caller, status: 200, bytes: UInt64(bytes),
            took: took)
    }
}
