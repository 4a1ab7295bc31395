import Actors
import NIOCore
import NIOHTTP1

/// Keeps one connection honest, between NIO's HTTP/1.1 parser and Hummingbird: limits and timeouts,
/// one request at a time, our own error body for what is no acceptable request, and an end that
/// lets the client read the last answer. The rules are in `ConnectionState` and `ConnectionClock`.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a client sent before its turn.
    private enum Ahead {
        case part(HTTPServerRequestPart)
        case failure(ErrorCode)
    }

    private let limits: ConnectionLimits
    /// There were enough connections when this one came.
    private let isTurnedAway: Bool
    /// Under which the request that is under way is answered, where another server may come to
    /// know better.
    private var permit: RequestPermit?
    private let refusal: @Sendable (ErrorCode) -> RefusalAnswer
    private var state = ConnectionState()
    private var clock: ConnectionClock
    private var ahead = CircularBuffer<Ahead>()
    /// Where bytes go that are an answer already: past the encoder.
    private var relayContext: ChannelHandlerContext?
    private var context: ChannelHandlerContext?
    private var isReadHeld = false
    private var isRequestLineComplete = false
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    /// - Parameter refusal: makes and reports the answer to what is refused.
    init(
        limits: ConnectionLimits, isTurnedAway: Bool,
        refusal: @escaping @Sendable (ErrorCode) -> RefusalAnswer
    ) {
        self.limits = limits
        self.isTurnedAway = isTurnedAway
        self.refusal = refusal
        clock = ConnectionClock(limits: limits, now: .now())
    }
}

// MARK: What arrives

extension ConnectionHandler {
    var discardsInput: Bool { state.phase == .lingering }

    /// Sees the bytes before the parser does; false keeps them from it.
    func accepts(_ bytes: ByteBuffer) -> Bool {
        if state.phase == .waiting {
            if !clock.hasPartialHead { isRequestLineComplete = false }
            isRequestLineComplete =
                isRequestLineComplete || bytes.readableBytesView.contains(UInt8(ascii: "\n"))
        }
        clock.bytesArrived(bytes.readableBytes, in: state.phase, now: .now())
        return !discardsInput
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch state.phase {
        case .waiting:
            deliver(part, context)
        case .exchange(let exchange) where exchange.isRequestComplete:
            ahead.append(.part(part))
        case .exchange:
            deliver(part, context)
        case .lingering, .closed:
            return
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        arm(context)
    }

    private func deliver(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            clock.headArrived()
            if isTurnedAway { return refuse(.overloaded, context) }
            if let code = ParserRefusal.check(head, limits: limits) { return refuse(code, context) }
            // After a request to change the protocol NIO's parser reads nothing more.
            let isKeptAlive = head.isKeepAlive && !head.headers.contains(name: "upgrade")
            state.requestBegan(isKeptAlive: isKeptAlive, isHTTP10: head.version == .http1_0)
        case .body:
            break
        case .end:
            state.requestEnded()
            clock.requestEnded()
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// The next request that was sent ahead, now that it is its turn.
    private func deliverAhead(_ context: ChannelHandlerContext) {
        guard !ahead.isEmpty else { return }
        while !state.isExchangeComplete, let next = ahead.popFirst() {
            switch next {
            case .part(let part): deliver(part, context)
            case .failure(let code): refuse(code, context)
            }
        }
        context.fireChannelReadComplete()
        guard ahead.isEmpty else { return }
        if state.isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        guard ahead.isEmpty else {
            isReadHeld = true
            return
        }
        context.read()
    }
}

// MARK: What is answered

extension ConnectionHandler {
    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        guard case .exchange = state.phase else {
            // Our own last answer is out already, or there is nothing to answer.
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            // 100 Continue is not the answer yet.
            if head.status.code >= 200 {
                guard permitsAnswer() else {
                    promise?.fail(ChannelError.outputClosed)
                    return
                }
                switch state.answerBegan(hasMoreInput: !ahead.isEmpty) {
                case .keepSilently: break
                case .keepAlive: head.headers.add(name: "connection", value: "keep-alive")
                case .close: head.headers.replaceOrAdd(name: "connection", value: "close")
                }
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            endAnswer(data, promise, context)
        }
    }

    private func endAnswer(
        _ data: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) {
        endAnswer(context) { close in
            guard let close else { return context.write(data, promise: promise) }
            finish(data, promise, context, then: close)
        }
    }

    /// - Parameter write: writes what is left, and calls what it is given when that has left.
    private func endAnswer(
        _ context: ChannelHandlerContext, _ write: (((ChannelHandlerContext) -> Void)?) -> Void
    ) {
        leave()
        switch state.answerEnded(hasMoreInput: !ahead.isEmpty) {
        case .nextRequest:
            write(nil)
            clock.answerEnded(now: .now())
            deliverAhead(context)
            arm(context)
        case .close:
            write { $0.close(promise: nil) }
        case .linger:
            linger(context)
            write { $0.close(mode: .output, promise: nil) }
        }
    }

    /// Answers instead of an endpoint, for the last time on this connection.
    private func refuse(_ code: ErrorCode, _ context: ChannelHandlerContext) {
        leave()
        guard state.canRefuse else {
            // Half of another answer is out; cutting it off is all that can be said.
            state.closed()
            context.close(promise: nil)
            return
        }
        let answer = refusal(code)
        state.refused()
        linger(context)
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        finish(wrapOutboundOut(.end(nil)), nil, context) { $0.close(mode: .output, promise: nil) }
    }

    private func linger(_ context: ChannelHandlerContext) {
        ahead.removeAll()
        clock.lingers(now: .now())
        arm(context)
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    /// Writes the last part, and closes when it has left: closing earlier would drop it.
    private func finish(
        _ data: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext,
        then close: @escaping (ChannelHandlerContext) -> Void
    ) {
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in close(context) }
        context.writeAndFlush(data, promise: written)
    }
}

// MARK: Answers that are bytes already

extension ConnectionHandler {
    /// To be asked after what is answered was read. False when it must not be shown any more; the
    /// caller has been told something else then.
    func permitsAnswer() -> Bool {
        guard let permit, !permit.isValid, let context else { return true }
        refuse(.notReady, context)
        return false
    }

    /// The request that has just arrived is answered from what this server owns.
    func answers(under permit: RequestPermit) {
        leave()
        self.permit = permit
    }

    private func leave() {
        permit?.leave()
        permit = nil
    }

    /// A relayed answer begins; what its head has to say about the connection.
    func relayBegins() -> ConnectionState.Persistence {
        state.answerBegan(hasMoreInput: !ahead.isEmpty)
    }

    func relay(_ bytes: ByteBuffer) {
        relayContext?.write(NIOAny(bytes), promise: nil)
    }

    func flushRelay() { relayContext?.flush() }

    /// The last bytes of a relayed answer.
    func relayEnds(_ bytes: ByteBuffer, _ loop: GatewayLoop) {
        guard let context, let relayContext else { return }
        endAnswer(context) { close in
            guard let close else {
                relayContext.write(NIOAny(bytes), promise: nil)
                loop.flushSoon { relayContext.flush() }
                return
            }
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in close(context) }
            relayContext.writeAndFlush(NIOAny(bytes), promise: written)
        }
    }

    /// The body is not read for a while because of us, so the client is not to blame.
    func bodyWaits(_ isWaiting: Bool) {
        guard let context else { return }
        clock.bodyWaits(isWaiting, now: .now())
        arm(context)
    }
}

// MARK: What goes wrong, and the end

extension ConnectionHandler {
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state.phase {
        case .lingering, .closed:
            return
        case .waiting, .exchange:
            break
        }
        let isInRequestLine = state.phase == .waiting && !isRequestLineComplete
        guard let code = ParserRefusal.code(for: error, isInRequestLine: isInRequestLine) else {
            context.fireErrorCaught(error)
            context.close(promise: nil)
            return
        }
        if state.isExchangeComplete {
            // It is the next request that is wrong; this one gets its answer first.
            ahead.append(.failure(code))
            return
        }
        refuse(code, context)
        // So that nobody takes the part of a body that did arrive for the whole of it.
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            if state.quiesce(hasPartialHead: clock.hasPartialHead) { context.close(promise: nil) }
        case ChannelEvent.inputClosed:
            state.inputClosed()
            switch state.phase {
            case .waiting, .lingering: context.close(promise: nil)
            case .exchange where !ahead.isEmpty: return
            case .exchange, .closed: context.fireUserInboundEventTriggered(event)
            }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        // Hummingbird ends its side after the last answer; by then it is we who close, in order.
        let isClosing = state.phase == .lingering || state.phase == .closed
        guard mode == .output, isClosing else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        clock.writability(isWritable: context.channel.isWritable, now: .now())
        arm(context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        state.closed()
        timer?.task.cancel()
        timer = nil
        context.fireChannelInactive()
    }
}

// MARK: Deadlines

extension ConnectionHandler {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        relayContext = try? context.pipeline.syncOperations.context(
            handlerType: HTTPResponseEncoder.self)
        arm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        relayContext = nil
    }

    /// Makes sure that a timer runs out no later than the next deadline. One that runs out early
    /// looks again, so that a busy connection sets a timer every few seconds and not for every
    /// request.
    private func arm(_ context: ChannelHandlerContext) {
        guard let deadline = clock.deadline(state, now: .now()) else { return }
        if let timer, timer.at <= deadline.at { return }
        timer?.task.cancel()
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline.at) {
            [self] in
            timer = nil
            expire(context)
        }
        timer = (deadline.at, task)
    }

    private func expire(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        guard let deadline = clock.deadline(state, now: now), deadline.at <= now else {
            return arm(context)
        }
        switch deadline.expiry {
        case .close:
            state.closed()
            context.close(promise: nil)
        case .requestTimeout:
            refuse(.requestTimeout, context)
            // Ends the wait for the rest of a body.
            context.fireErrorCaught(HTTPParserError.closedConnection)
        }
    }
}
