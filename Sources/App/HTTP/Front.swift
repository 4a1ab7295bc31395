package import Actors
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore

/// The way of every request through the server: who it is, where it comes from, what it wants,
/// whether it may, and how the answer looks. Each step is a small type of its own; this one is
/// their order.
package struct Front: HTTPResponder {
    package struct Parts: Sendable {
        package var table: EndpointTable
        package var accounts: any Authenticating
        package var limiters: any RateLimiting
        package var sources: SourceResolver
        package var sameSite: SameSiteRule
        package var bodies: BodyReader
        package var encoder: ReplyEncoder
        package var metrics: HTTPMetrics
        package var accessLog: AccessLog?
        /// What traces show of requests; nil to remember none.
        package var memory: RequestMemory?
        package var ids: TraceIDSource
        package var clock: any WallClock
        package var logger: Logger

        package init(
            table: EndpointTable, accounts: any Authenticating, limiters: any RateLimiting,
            sources: SourceResolver, sameSite: SameSiteRule, bodies: BodyReader,
            encoder: ReplyEncoder, metrics: HTTPMetrics, accessLog: AccessLog?,
            memory: RequestMemory? = nil, ids: TraceIDSource, clock: any WallClock, logger: Logger
        ) {
            self.table = table
            self.accounts = accounts
            self.limiters = limiters
            self.sources = sources
            self.sameSite = sameSite
            self.bodies = bodies
            self.encoder = encoder
            self.metrics = metrics
            self.accessLog = accessLog
            self.memory = memory
            self.ids = ids
            self.clock = clock
            self.logger = logger
        }
    }

    private let parts: Parts

    package init(_ parts: Parts) {
        self.parts = parts
        parts.metrics.show(parts.table)
    }

    package func respond(to request: Request, context: PeerContext) async -> Response {
        let began = ContinuousClock.now
        parts.metrics.requestBegan()
        let target = RequestTarget(request.head.path ?? "")
        var visit = Visit(
            identity: RequestIdentity(traceparent: request.singleTraceparent, ids: parts.ids),
            source: parts.sources.source(peer: context.peer, headers: request.headers),
            now: parts.clock.now())

        let result = await answer(request, target, context, &visit)

        let summary = RequestSummary(
            identity: visit.identity, now: visit.now, isHead: request.method == .head,
            isUnderAPI: target.isUnderAPI)
        let response = parts.encoder.response(result, to: summary, notice: visit.notice)
        if case .failure(let error) = result { log(error, visit) }
        let duration = ContinuousClock.now - began
        parts.memory?.note(visit, request.method, result, status: response.status, took: duration)
        parts.metrics.requestEnded(visit.route, status: response.status.code, took: duration)
        parts.accessLog?.record(visit, request.method, response, took: duration)
        return response
    }

    private func answer(
        _ request: Request, _ target: RequestTarget, _ context: PeerContext, _ visit: inout Visit
    ) async -> Result<Reply, APIError> {
        do throws(APIError) {
            switch parts.table.match(request.method, path: target.path) {
            case .route(let route, let parameters):
                visit.route = route
                return .success(
                    try await serve(request, target, parameters, route.endpoint, context, &visit))
            case .options(let allow):
                return .success(
                    Reply(.ok, .openObject(ByteBuffer()), headers: [.allow: allow]))
            case .methodNotAllowed(let allow):
                throw APIError(.methodNotAllowed, allowedMethods: allow)
            case .notFound:
                throw APIError(.notFound)
            }
        } catch {
            return .failure(error)
        }
    }

    private func serve(
        _ request: Request, _ target: RequestTarget, _ parameters: [String: String],
        _ endpoint: Endpoint, _ context: PeerContext, _ visit: inout Visit
    ) async throws(APIError) -> Reply {
        let headers = request.headers
        guard let query = target.queryItems else {
            throw APIError(
                .invalidRequest, message: "The query is not percent-encoded UTF-8.",
                suggestedFix: "Encode the query's names and values (RFC 3986 §2.1).")
        }
        let credential = RequestCredential(headers)
        try checkSite(endpoint, request, credential)
        // What guards accounts is limited before anything is looked up; the rest by who calls.
        if let limit = endpoint.rateClass, limit.countsBeforeAuthentication {
            try await take(limit, &visit)
        }
        try await admit(credential, to: endpoint, headers, &visit)
        if let limit = endpoint.rateClass, !limit.countsBeforeAuthentication {
            try await take(limit, &visit)
        }
        var lease = BodyLease(parts.bodies.budget)
        let body = try await parts.bodies.read(
            request, as: endpoint.request, lease: &lease, sendContinue: context.sendContinue)
        try await admitAgain(credential, to: endpoint, headers, &visit)
        var call = Call(
            trace: visit.identity.trace, now: visit.now, source: visit.source,
            userAgent: Front.userAgent(headers), caller: visit.caller, headers: headers,
            pathParameters: parameters, query: query, body: body)
        call.rawQuery = String(target.query)
        return try await endpoint.handle(call)
    }

    private func checkSite(
        _ endpoint: Endpoint, _ request: Request, _ credential: RequestCredential
    ) throws(APIError) {
        guard
            SameSiteRule.applies(
                to: endpoint.access, method: request.method, hasCookie: credential.hasCookie,
                hasBearer: credential.hasBearer)
        else { return }
        guard parts.sameSite.permits(headers: request.headers, authority: request.head.authority)
        else { throw APIError(.crossSite) }
    }

    private func take(_ limit: RateClass, _ visit: inout Visit) async throws(APIError) {
        let key = limit.key(caller: visit.caller, source: visit.source)
        let decision: RateLimitDecision?
        do throws(ShardCallError) {
            decision = try await parts.limiters.take(limit, key, at: visit.now)
        } catch {
            throw APIError(error)
        }
        guard let decision else { return }
        visit.notice = RateLimitNotice(limit, decision)
        guard decision.isAllowed else {
            throw APIError(.rateLimited, retryAfterSeconds: max(1, decision.retryAfterSeconds))
        }
    }

    private func admit(
        _ credential: RequestCredential, to endpoint: Endpoint, _ headers: HTTPFields,
        _ visit: inout Visit
    ) async throws(APIError) {
        visit.caller = try await endpoint.access.caller(
            credential, by: parts.accounts, at: visit.now)
        try endpoint.access.check(
            visit.caller, isLocal: parts.sources.isLocal(visit.source, headers: headers),
            stepUpSeconds: parts.accounts.stepUpSeconds, at: visit.now)
    }

    /// A body that took its time may end in another world than it began in: the session may be
    /// over, and a code must be judged at the time it arrived.
    private func admitAgain(
        _ credential: RequestCredential, to endpoint: Endpoint, _ headers: HTTPFields,
        _ visit: inout Visit
    ) async throws(APIError) {
        let now = parts.clock.now()
        guard now.milliseconds - visit.now.milliseconds >= Front.admissionMilliseconds else {
            return
        }
        visit.now = now
        try await admit(credential, to: endpoint, headers, &visit)
    }

    /// How long an admission is taken to be current while the body arrives. Two requests this close
    /// could have come in either order anyway.
    private static let admissionMilliseconds: Int64 = 100

    /// Enough to recognise a browser by; what is longer helps nobody and would be kept per session.
    private static let userAgentBytesMax = 256

    private static func userAgent(_ headers: HTTPFields) -> String {
        guard let text = headers[.userAgent] else { return "" }
        guard text.utf8.count > userAgentBytesMax else { return text }
        return String(decoding: text.utf8.prefix(userAgentBytesMax), as: UTF8.self)
    }

    private func log(_ error: APIError, _ visit: Visit) {
        let status = error.code.definition.status
        guard error.detail != nil || status == 500 else { return }
        parts.logger.log(
            level: status == 500 ? .error : .notice, "\(error.code.rawValue)",
            metadata: [
                "trace_id": "\(visit.identity.trace)",
                "route": "\(visit.route?.endpoint.path ?? "-")",
                "detail": "\(error.detail ?? "-")",
            ])
    }
}

extension Front {
    /// Makes, counts and logs the answer to what a connection refuses before it is a request.
    var refusal: @Sendable (ErrorCode) -> RefusalAnswer {
        let (ids, clock, metrics, logger) = (parts.ids, parts.clock, parts.metrics, parts.logger)
        let date = HTTPDate()
        return { code in
            let answer = RefusalAnswer(code, ids: ids, date: date.text(at: clock.now()))
            metrics.connectionRefused()
            logger.debug("refused", metadata: ["code": "\(code)", "trace_id": "\(answer.trace)"])
            return answer
        }
    }
}
