import Actors
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Persistence
import Synchronization

/// The gateway: calls of providers with keys that callers never see, each one a durable event.
final class Gateway: Sendable {
    struct Parts: Sendable {
        var providers: [GatewayProvider]
        var tokens: TokenIndex
        var journal: CallJournal
        var bulkheads: CallBulkheads
        var limiters: any RateLimiting
        /// Whether a limit of calls is configured at all.
        var hasCallLimit: Bool
        var visitor: LoopVisitor
        var clock: any WallClock
        var encoder: ReplyEncoder
        var metrics: HTTPMetrics
        var accessLog: AccessLog?
        var logger: Logger
    }

    /// What requests of all calls are called in logs and metrics.
    static let path = "/api/integrations/{id}/call/{path}"

    /// Microseconds between a call's arrival and the head of its answer that were not the
    /// provider's: a commit is in it where the attempt has to be durable first.
    let overheads = Histogram(bounds: [
        50, 100, 200, 350, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000,
    ])
    let admission: CallAdmission
    let providers: [GatewayProvider]
    private let parts: Parts
    private let loops: Mutex<[ObjectIdentifier: NIOLoopBound<GatewayLoop>]> = Mutex([:])
    private let route: Route
    private let group: any EventLoopGroup

    init(_ parts: Parts, route: Route, group: any EventLoopGroup) {
        self.parts = parts
        self.route = route
        self.group = group
        providers = parts.providers
        admission = CallAdmission(
            providers: Dictionary(
                parts.providers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
            tokens: parts.tokens, bulkheads: parts.bulkheads, journal: parts.journal)
    }

    var journal: CallJournal { parts.journal }
    var bulkheads: CallBulkheads { parts.bulkheads }

    func provider(_ id: IntegrationID) -> GatewayProvider? { admission.providers[id] }

    /// What belongs to this event loop; to be called on it.
    func loop(_ eventLoop: any EventLoop) -> GatewayLoop {
        loops.withLock { loops in
            let id = ObjectIdentifier(eventLoop)
            if let known = loops[id] { return known }
            let loop = GatewayLoop(
                eventLoop, journal: parts.journal, bulkheads: parts.bulkheads, clock: parts.clock)
            loop.start()
            let bound = NIOLoopBound(loop, eventLoop: eventLoop)
            loops[id] = bound
            return bound
        }.value
    }

    /// Stops timers and closes idle connections.
    func stop() async {
        for loop in loops.withLock({ Array($0.values) }) {
            try? await loop.eventLoop.submit { loop.value.stop() }.get()
        }
        parts.journal.giveUp()
    }
}

// MARK: Calls of clients

extension Gateway {
    func visit(_ head: HTTPRequestHead, peer: SourceAddress) -> LoopVisit {
        parts.metrics.requestBegan()
        return parts.visitor.visit(head, peer: peer)
    }

    /// Starts the call, at once unless somebody has set a limit.
    func began(_ underWay: CallUnderWay, on loop: GatewayLoop) {
        guard parts.hasCallLimit else { return underWay.start() }
        let bound = NIOLoopBound(underWay, eventLoop: loop.eventLoop)
        let (eventLoop, limiters) = (loop.eventLoop, parts.limiters)
        let (token, now) = (underWay.token.id, underWay.visit.now)
        Task {
            let answer: Result<RateLimitDecision?, ShardCallError>
            do throws(ShardCallError) {
                answer = .success(try await limiters.take(.calls, .token(token), at: now))
            } catch {
                answer = .failure(error)
            }
            eventLoop.execute {
                switch answer {
                case .failure(let error): bound.value.refuseStart(APIError(error))
                case .success(let decision):
                    bound.value.note(decision)
                    guard let decision, !decision.isAllowed else { return bound.value.start() }
                    bound.value.refuseStart(
                        APIError(
                            .rateLimited, retryAfterSeconds: max(1, decision.retryAfterSeconds)))
                }
            }
        }
    }

    /// Writes the event of a call that a rule of ours stood against.
    func refused(_ refusal: CallAdmission.Refusal) {
        guard let usage = refusal.usage else { return }
        let record = UsageRecord.event(usage, report: nil, arrivedAt: parts.clock.now())
        // Nothing has happened that would have to be known: a full log leaves it at the answer.
        _ = try? parts.journal.append(record)
    }

    /// Our own answer to a call, with the headers of every other answer.
    func failure(
        _ error: APIError, _ visit: LoopVisit
    ) -> (head: HTTPResponseHead, body: ByteBuffer) {
        if let detail = error.detail {
            parts.logger.notice(
                "\(error.code.rawValue)",
                metadata: [
                    "trace_id": "\(visit.identity.trace)", "route": "\(Self.path)",
                    "detail": "\(detail)",
                ])
        }
        let answer = parts.encoder.failure(
            error,
            to: RequestSummary(
                identity: visit.identity, now: visit.now, isHead: visit.isHead, isUnderAPI: true),
            notice: visit.notice)
        var head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(
                statusCode: answer.status.code, reasonPhrase: answer.status.reasonPhrase))
        for field in answer.headers {
            head.headers.add(name: field.name.rawName, value: field.value)
        }
        return (head, answer.body)
    }

    /// How a call ended for its caller.
    enum CallResult {
        /// The provider's answer, or as much of it as there was.
        case relayed(status: Int, bytes: UInt64)
        /// Our own answer.
        case refused(ErrorCode)
        /// The caller did not wait for one.
        case abandoned

        /// What nginx has in its log for a client that went away.
        private static let abandonedStatus = 499

        fileprivate var status: Int {
            switch self {
            case .relayed(let status, _): status
            case .refused(let code): code.definition.status
            case .abandoned: Self.abandonedStatus
            }
        }

        fileprivate var bytes: UInt64 {
            if case .relayed(_, let bytes) = self { bytes } else { 0 }
        }

        fileprivate var error: ErrorCode? {
            if case .refused(let code) = self { code } else { nil }
        }
    }

    /// Counts the call, logs it, and remembers it for its trace.
    func finished(
        _ visit: LoopVisit, _ token: TokenPrincipal?, _ result: CallResult, on loop: GatewayLoop
    ) {
        let took = visit.took
        let status = result.status
        parts.metrics.requestEnded(route, status: status, took: took)
        parts.accessLog?.record(
            visit, route: Self.path, caller: token.map { .token($0) } ?? .anonymous,
            status: status, bytes: result.bytes, took: took)
        loop.memory.note(
            RememberedRequest(
                trace: visit.identity.trace, method: visit.method, route: Self.path,
                status: status, error: result.error, at: visit.now, took: took,
                caller: token.map { .token($0.id, name: $0.name) } ?? .anonymous,
                grounds: "A token with a scope for calls of this integration."))
    }

    /// What is remembered of calls under this trace id.
    func calls(under trace: TraceID) async -> [RememberedRequest] {
        var found: [RememberedRequest] = []
        for loop in loops.withLock({ Array($0.values) }) {
            let calls = try? await loop.eventLoop.submit { loop.value.memory.find(trace) }.get()
            found += calls ?? []
        }
        return found
    }
}

// MARK: Calls of our own

extension Gateway: ProviderCalling {
    func call(_ call: ProviderCall) async -> ProviderAnswer {
        guard let provider = provider(call.integration), let credentials = provider.credentials
        else { return ProviderAnswer(refused: call, provider(call.integration)?.obstacle) }
        guard parts.bulkheads.enter(provider.id, nil) else {
            return ProviderAnswer(refused: call, APIError(.overloaded, retryAfterSeconds: 1))
        }
        let order = OwnCallOrder(call, provider, credentials, at: parts.clock.now())
        let eventLoop = group.next()
        return await withCheckedContinuation { continuation in
            eventLoop.execute { [self] in
                let loop = loop(eventLoop)
                let own = OwnCall(order, loop: loop) { continuation.resume(returning: $0) }
                loop.keep(own)
                own.start()
            }
        }
    }
}
