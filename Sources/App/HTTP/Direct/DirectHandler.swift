import Actors
import NIOCore
import NIOHTTP1

/// Answers direct requests before they reach the gateway and Hummingbird, and passes everything
/// else through untouched. It stands behind `ConnectionHandler`, which lets one request at a time
/// come here. Confined to its event loop.
final class DirectHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private enum Owner {
        /// Somebody behind us answers.
        case passing
        case session(SessionPrincipal, Route, LoopVisit)
        case report(ReportUnderWay)
        /// The reports are on their way to the disk.
        case waiting
        case answered
    }

    /// A request whose body arrives, kept whole in case that it has to go the long way.
    private struct ReportUnderWay {
        let head: HTTPRequestHead
        let token: TokenPrincipal
        let route: Route
        let isLines: Bool
        let visit: LoopVisit
        var body = ByteBuffer()
    }

    private let routes: DirectRoutes
    private let loop: GatewayLoop
    private let connection: ConnectionHandler
    private let peer: SourceAddress
    private var context: ChannelHandlerContext?
    private var owner = Owner.passing

    init(
        _ routes: DirectRoutes, loop: GatewayLoop, connection: ConnectionHandler,
        peer: SourceAddress
    ) {
        self.routes = routes
        self.loop = loop
        self.connection = connection
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: What arrives

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), owner) {
        case (.head(let head), _):
            begin(head)
            if case .passing = owner { context.fireChannelRead(data) }
        case (_, .passing):
            context.fireChannelRead(data)
        case (.body(var bytes), .report(var underWay)):
            owner = .waiting
            if underWay.body.readableBytes == 0 {
                underWay.body = bytes
            } else {
                underWay.body.writeBuffer(&bytes)
            }
            owner = .report(underWay)
        case (.end, .report(let underWay)):
            submit(underWay)
        case (.end, .session(let principal, let route, let visit)):
            answer(SessionAnswer.bytes(principal), visit, route, .session(principal))
        case (_, .session), (_, .waiting), (_, .answered):
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .passing = owner { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that has said everything still gets its answer; `ConnectionHandler` closes then.
        if case .waiting = owner, case .inputClosed? = event as? ChannelEvent { return }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .report = owner { owner = .answered }
        context.fireErrorCaught(error)
    }

    private func begin(_ head: HTTPRequestHead) {
        owner = .passing
        let visit = routes.visitor.visit(head, peer: peer)
        switch routes.claim(head, at: visit.now) {
        case .session(let principal, let route)?:
            owner = .session(principal, route, visit)
        case .report(let token, let route, let isLines)?:
            owner = .report(
                ReportUnderWay(
                    head: head, token: token, route: route, isLines: isLines, visit: visit))
        case nil:
            break
        }
    }

    // MARK: What is answered

    private func submit(_ underWay: ReportUnderWay) {
        let parser = UsageReportParser(
            integrations: routes.integrations, now: underWay.visit.now,
            trace: underWay.visit.identity.trace)
        let bytes = Array(underWay.body.readableBytesView)
        let parsed: UsageReportParser.Parsed
        do throws(APIError) {
            parsed = underWay.isLines ? parser.parse(lines: bytes) : try parser.parse(array: bytes)
        } catch {
            return goTheLongWay(underWay)
        }
        owner = .waiting
        routes.lane(loop).submit(parsed.reports) { [self] result in
            guard let result else { return goTheLongWay(underWay) }
            answer(
                UsageRoutes.answer(parsed, result), underWay.visit, underWay.route,
                .token(underWay.token))
        }
    }

    private func goTheLongWay(_ underWay: ReportUnderWay) {
        owner = .passing
        guard let context else { return }
        context.fireChannelRead(wrapInboundOut(.head(underWay.head)))
        context.fireChannelRead(wrapInboundOut(.body(underWay.body)))
        context.fireChannelRead(wrapInboundOut(.end(nil)))
        context.fireChannelReadComplete()
    }

    private func answer(_ open: ByteBuffer, _ visit: LoopVisit, _ route: Route, _ caller: Caller) {
        owner = .answered
        if let context, connection.permitsAnswer() {
            let bytes = routes.answer.bytes(
                open, visit, connection.relayBegins(), context.channel.allocator)
            connection.relayEnds(bytes, loop)
        }
        routes.ended(visit, route, caller, bytes: open.readableBytes)
    }
}
