import Actors
import NIOCore
import NIOHTTP1
import Persistence

/// Takes gateway calls out of a client's connection before they reach Hummingbird, and passes
/// everything else through untouched. It stands behind `ConnectionHandler`, which lets one request
/// at a time come here. Confined to its event loop.
final class GatewayHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Owner {
        /// Hummingbird answers.
        case passing
        case call(CallUnderWay)
        /// We have answered already; the rest of the request means nothing.
        case answered
    }

    private let gateway: Gateway
    private let loop: GatewayLoop
    private let connection: ConnectionHandler
    private let peer: SourceAddress
    private var context: ChannelHandlerContext?
    private var owner = Owner.passing
    private var isReadHeld = false

    init(
        _ gateway: Gateway, loop: GatewayLoop, connection: ConnectionHandler, peer: SourceAddress
    ) {
        self.gateway = gateway
        self.loop = loop
        self.connection = connection
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
}

// MARK: What arrives

extension GatewayHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch (part, owner) {
        case (.head(let head), _):
            guard let target = CallTarget(head.uri) else {
                owner = .passing
                return context.fireChannelRead(data)
            }
            begin(head, target, context)
        case (_, .passing):
            context.fireChannelRead(data)
        case (.body(let bytes), .call(let underWay)):
            underWay.received += bytes.readableBytes
            guard underWay.received <= underWay.bytesMax else {
                return underWay.refuse(CallAdmission.tooLarge(underWay.limits))
            }
            underWay.sendBody(bytes)
        case (.end, .call(let underWay)):
            underWay.endBody()
            // A body that had to wait has no more to wait for.
            connection.bodyWaits(false)
        case (_, .answered):
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .passing = owner { context.fireChannelReadComplete() }
    }

    private func begin(
        _ head: HTTPRequestHead, _ target: CallTarget, _ context: ChannelHandlerContext
    ) {
        let visit = gateway.visit(head, peer: peer)
        do throws(CallAdmission.Refusal) {
            let admitted = try gateway.admission.admit(
                head, target, trace: visit.identity.trace, at: visit.now)
            if head.headers.contains(name: "expect") {
                let informational = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(informational)), promise: nil)
            }
            let underWay = CallUnderWay(
                admitted, visit: visit, isHTTP10: head.version == .http1_0, loop: loop,
                handler: self)
            owner = .call(underWay)
            gateway.began(underWay, on: loop)
        } catch {
            owner = .answered
            gateway.refused(error)
            answer(error.error, visit)
            gateway.finished(visit, error.token, .refused(error.error.code), on: loop)
        }
    }

    func read(context: ChannelHandlerContext) {
        guard case .call(let underWay) = owner, !underWay.takesBody else { return context.read() }
        isReadHeld = true
        connection.bodyWaits(true)
    }

    /// Reads on, where reading was held up by a call that now can take more, or is over.
    fileprivate func readOn() {
        guard isReadHeld, let context else { return }
        if case .call(let underWay) = owner, !underWay.takesBody { return }
        isReadHeld = false
        connection.bodyWaits(false)
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .call(let underWay) = owner, context.channel.isWritable {
            underWay.clientTakesMore()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .call = owner, case .inputClosed? = event as? ChannelEvent {
            // Clients of an API do not half-close; who closes has gone away.
            abort()
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        abort()
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        abort()
        context.fireChannelInactive()
    }

    private func abort() {
        guard case .call(let underWay) = owner else { return }
        owner = .answered
        underWay.abort()
    }
}

// MARK: What is answered

extension GatewayHandler {
    fileprivate var isWritable: Bool { context?.channel.isWritable ?? false }

    fileprivate func note(overheadMicroseconds: Int64) {
        gateway.overheads.add(overheadMicroseconds)
    }

    fileprivate func relayBegins() -> ConnectionState.Persistence { connection.relayBegins() }

    fileprivate func relay(_ bytes: ByteBuffer) { connection.relay(bytes) }

    fileprivate func flush() { connection.flushRelay() }

    fileprivate func relayEnds(_ bytes: ByteBuffer) {
        owner = .answered
        connection.relayEnds(bytes, loop)
        readOn()
    }

    fileprivate func cut() {
        owner = .answered
        context?.close(promise: nil)
    }

    /// Our own answer, the same as every other failure's.
    fileprivate func answer(_ error: APIError, _ visit: LoopVisit) {
        guard let context else { return }
        owner = .answered
        let (head, body) = gateway.failure(error, visit)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !visit.isHead {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        readOn()
    }

    fileprivate func finished(_ underWay: CallUnderWay, _ result: Gateway.CallResult) {
        gateway.finished(underWay.visit, underWay.token, result, on: loop)
    }
}

/// A call of a client: what the handler has to do for it, as the call's own client.
final class CallUnderWay: CallClient {
    private(set) var visit: LoopVisit
    let token: TokenPrincipal
    let bytesMax: Int
    let limits: CallLimits
    var received = 0
    private weak var handler: GatewayHandler?
    private let isHTTP10: Bool
    private let order: GatewayCall.Order
    private let loop: GatewayLoop
    private var call: GatewayCall?
    private var isOver = false
    // What came before the call could start.
    private var early: [ByteBuffer] = []
    private var isBodyComplete = false
    /// Written with the next flush: a small answer leaves in one piece.
    private var out = ByteBuffer()
    private var isChunked = false
    private var status = 0

    /// Up to this a piece is copied behind what waits, which is cheaper than a write of its own.
    private static let copyBytesMax = 4096

    init(
        _ admitted: CallAdmission.Admitted, visit: LoopVisit, isHTTP10: Bool, loop: GatewayLoop,
        handler: GatewayHandler
    ) {
        order = admitted.order
        token = admitted.token
        self.visit = visit
        self.isHTTP10 = isHTTP10
        self.loop = loop
        self.handler = handler
        limits = admitted.order.provider.entry.calls.limits
        bytesMax = limits.requestBytesMax
    }

    // MARK: The request

    func start() {
        guard !isOver else { return loop.bulkheads.leave(order.provider.id, order.token) }
        let call = GatewayCall(order, loop: loop, client: self)
        self.call = call
        for bytes in early { call.sendBody(bytes) }
        early = []
        if isBodyComplete { call.endBody() }
        call.start()
    }

    func note(_ decision: RateLimitDecision?) {
        visit.notice = decision.map { RateLimitNotice(.calls, $0) }
    }

    /// The limiter said no before the call could start.
    func refuseStart(_ error: APIError) {
        loop.bulkheads.leave(order.provider.id, order.token)
        guard !isOver else { return }
        isOver = true
        handler?.answer(error, visit)
        handler?.finished(self, .refused(error.code))
    }

    var takesBody: Bool { isBodyComplete || (call?.takesBody ?? early.isEmpty) }

    func sendBody(_ bytes: ByteBuffer) {
        if let call { call.sendBody(bytes) } else { early.append(bytes) }
    }

    func endBody() {
        isBodyComplete = true
        call?.endBody()
    }

    func refuse(_ error: APIError) {
        guard let call else { return refuseStart(error) }
        call.refuse(error)
    }

    func abort() {
        isOver = true
        call?.abort()
        handler?.finished(self, .abandoned)
    }

    func clientTakesMore() { call?.clientTakesMore() }

    // MARK: The answer

    func callAnswers(_ head: RelayHead) {
        guard let handler else { return }
        status = head.status
        out = head.bytes
        switch handler.relayBegins() {
        case .keepSilently: break
        case .keepAlive: out.writeStaticString("connection: keep-alive\r\n")
        case .close: out.writeStaticString("connection: close\r\n")
        }
        switch head.framing {
        // An HTTP/1.0 client finds the end of such a body by the end of the connection.
        case .chunked, .untilClose: isChunked = !isHTTP10
        case .none, .length: isChunked = false
        }
        if isChunked { out.writeStaticString("transfer-encoding: chunked\r\n") }
        let overhead = visit.overheadMicroseconds(upstreamTime: head.upstreamTime)
        handler.note(overheadMicroseconds: overhead)
        visit.writeHeaders(
            to: &out, upstreamTime: head.upstreamTime, overheadMicroseconds: overhead)
        out.writeStaticString("\r\n")
    }

    func callContent(_ bytes: ByteBuffer) {
        if isChunked {
            out.writeString(String(bytes.readableBytes, radix: 16))
            out.writeStaticString("\r\n")
        }
        if bytes.readableBytes <= Self.copyBytesMax {
            out.writeImmutableBuffer(bytes)
        } else {
            writeOut()
            handler?.relay(bytes)
        }
        if isChunked { out.writeStaticString("\r\n") }
    }

    private func writeOut() {
        guard out.readableBytes > 0 else { return }
        handler?.relay(out)
        out = ByteBuffer()
    }

    func callPauses() {
        writeOut()
        handler?.flush()
    }

    // A client that left while its event was on the way to the disk has been counted already.

    func callEnded(_ end: CallEnd) {
        guard !isOver else { return }
        if isChunked { out.writeStaticString("0\r\n\r\n") }
        isOver = true
        handler?.relayEnds(out)
        handler?.finished(self, .relayed(status: status, bytes: end.bytesOut))
    }

    func callFailed(_ error: APIError, _ end: CallEnd) {
        guard !isOver else { return }
        isOver = true
        handler?.answer(error, visit)
        handler?.finished(self, .refused(error.code))
    }

    func callCut(_ end: CallEnd) {
        guard !isOver else { return }
        isOver = true
        handler?.cut()
        handler?.finished(self, .relayed(status: status, bytes: end.bytesOut))
    }

    var takesMore: Bool { handler?.isWritable ?? false }

    func callSendsMore() { handler?.readOn() }
}
