import NIOCore
import NIOSSL

/// Carries out what a `Session` decides, on the channel's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the client wants to hear. Everything is called on the event loop; `ended` exactly once,
    /// and last.
    struct Listener: Sendable {
        let ready: @Sendable (any Channel, ServerInfo) -> Void
        let message: @Sendable (Message) -> Void
        let complaint: @Sendable (String) -> Void
        let ended: @Sendable (NATSError) -> Void
    }

    private var parser = ProtocolParser()
    private var session: Session
    private let tls: NIOSSLContext?
    private let address: ServerAddress
    private let listener: Listener
    private var reason: NATSError?
    private var hasEnded = false
    private var wasActive = false
    private var ticks: RepeatedTask?

    private static let tickMilliseconds: Int64 = 100

    init(_ session: Session, tls: NIOSSLContext?, address: ServerAddress, listener: Listener) {
        self.session = session
        self.tls = tls
        self.address = address
        self.listener = listener
    }

    // MARK: Channel events

    func channelActive(context: ChannelHandlerContext) {
        wasActive = true
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ticks = context.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(Self.tickMilliseconds),
            delay: .milliseconds(Self.tickMilliseconds)
        ) { _ in
            let (handler, context) = bound.value
            handler.perform(handler.session.tick(now: Milliseconds.now), context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data))
        do throws(ProtocolError) {
            while reason == nil, let operation = try parser.next() {
                perform(
                    session.received(
                        operation, now: Milliseconds.now, unreadBytes: parser.unreadBytes),
                    context)
            }
        } catch {
            end(.protocolViolation(error), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.connectionLost("\(error)"), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.connectionLost("the server hung up"))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A connection that was never made has a better reason, which the bootstrap knows.
        guard wasActive else { return }
        finish(.connectionLost("the channel was closed"))
    }

    // MARK: Actions

    private func perform(_ actions: [Session.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .startTLS: startTLS(context)
            case .send(let operation): send(operation, context)
            case .ready(let info): listener.ready(context.channel, info)
            case .deliver(let message): listener.message(message)
            case .complain(let text): listener.complaint(text)
            case .leave: end(.connectionLost("the server is about to stop"), context)
            case .close(let error): end(error, context)
            }
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        guard let tls else { return end(.tlsRequired, context) }
        do {
            let handler = try NIOSSLClientHandler(
                context: tls, serverHostname: address.nameForTLS)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            end(.connectionLost("\(error)"), context)
        }
    }

    private func send(_ operation: ClientOperation, _ context: ChannelHandlerContext) {
        guard reason == nil else { return }
        var buffer = context.channel.allocator.buffer(capacity: 512)
        do throws(ProtocolError) {
            try operation.encode(into: &buffer)
        } catch {
            return end(.protocolViolation(error), context)
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Only the first reason counts: what follows is its consequence.
    private func end(_ error: NATSError, _ context: ChannelHandlerContext) {
        guard reason == nil else { return }
        reason = error
        context.close(promise: nil)
    }

    private func finish(_ error: NATSError) {
        ticks?.cancel()
        ticks = nil
        guard !hasEnded else { return }
        hasEnded = true
        listener.ended(reason ?? error)
    }
}

/// Monotonic time that goes on while the machine sleeps.
package enum Milliseconds {
    private static let origin = ContinuousClock.now

    package static var now: UInt64 {
        let components = (ContinuousClock.now - origin).components
        return UInt64(components.seconds) * 1000
            + UInt64(components.attoseconds / 1_000_000_000_000_000)
    }
}
