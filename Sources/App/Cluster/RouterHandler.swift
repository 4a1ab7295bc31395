import Actors
import NIOCore
import NIOHTTP1

/// Finds the place of each request of one connection: here, at the owner of its home shard, or
/// nowhere yet.
///
/// It stands between `ConnectionHandler`, which keeps limits and deadlines and lets one request at
/// a time come here, and everything that answers. A request that another server has passed on is
/// never passed on again: two servers that each believe the other to be the owner must not play
/// ball with it. Confined to its event loop.
final class RouterHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    enum Request {
        /// There is none, or it has its answer and the rest of it is for nobody.
        case none
        /// Its body has to be read before it is known where it belongs.
        case reading(HeldRequest, RequestHomes.Field, bytes: Int)
        /// Waits until its place is known.
        case held(HeldRequest)
        /// Those behind us answer it.
        case here
        case away(PassedRequest)
    }

    let parts: RouterParts
    let connection: ConnectionHandler
    private let peer: SourceAddress
    var context: ChannelHandlerContext?
    /// To the owner of the request under way.
    var owner: OwnerConnection?
    /// To all owners so far, for the next requests.
    var owners: [PeerAddress: OwnerConnection] = [:]
    var request = Request.none
    /// Which request of the connection it is.
    private var number: UInt64 = 0
    var isReadHeld = false
    private var look: RepeatedTask?
    var watch: RepeatedTask?

    init(_ parts: RouterParts, connection: ConnectionHandler, peer: SourceAddress) {
        self.parts = parts
        self.connection = connection
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
}

// MARK: What the client sends

extension RouterHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .head(let head) = part { return begin(head, context) }
        switch request {
        case .none:
            break
        case .reading(var held, let field, let bytes):
            request = .none
            held.parts.append(part)
            read(part, held, field, bytes, context)
        case .held(var held):
            request = .none
            held.parts.append(part)
            request = .held(held)
        case .here:
            context.fireChannelRead(data)
        case .away(var passed):
            request = .none
            passed.keep(part)
            request = .away(passed)
            pass(part)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .here = request { context.fireChannelReadComplete() } else { owner?.flush() }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        number += 1
        var head = head
        let isHop = takeHop(from: &head)
        var held = HeldRequest(head, isHop: isHop, at: context.eventLoop.now)
        switch parts.homes.home(of: head) {
        case .anywhere:
            request = .here
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .shard(let shard):
            held.home = shard
            request = .held(held)
            findPlace(context)
        case .inBody(let field):
            request = .reading(held, field, bytes: 0)
            guard head.headers.contains(name: "expect") else { return }
            let informational = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(informational)), promise: nil)
        }
    }

    /// A part of a body that says where the request belongs.
    private func read(
        _ part: HTTPServerRequestPart, _ held: HeldRequest, _ field: RequestHomes.Field,
        _ bytes: Int, _ context: ChannelHandlerContext
    ) {
        switch part {
        case .head:
            break
        case .body(let body):
            let bytes = bytes + body.readableBytes
            guard bytes <= RequestHomes.bodyBytesMax else { return refuse(.bodyTooLarge, context) }
            request = .reading(held, field, bytes: bytes)
        case .end:
            guard let shard = parts.homes.home(by: field, in: held.parts) else {
                // Those behind us find the same fault with it, and nobody's account.
                request = .here
                return goOn(with: held.parts, context)
            }
            var held = held
            held.home = shard
            request = .held(held)
            findPlace(context)
        }
    }

    /// Leaves of the header of another server only the source that it says, and nothing of what
    /// anybody else says in its place.
    private func takeHop(from head: inout HTTPRequestHead) -> Bool {
        guard head.headers.contains(name: HopSeal.header) else { return false }
        let source = parts.seal.open(head, at: parts.visitor.clock.now())
        head.headers.remove(name: HopSeal.header)
        guard let source else { return false }
        head.headers.add(name: HopSeal.header, value: source.text)
        return true
    }

    func read(context: ChannelHandlerContext) {
        let waits: Bool
        switch request {
        case .held: waits = true
        case .away: waits = owner.map { !$0.hasRoom } ?? false
        case .none, .reading, .here: waits = false
        }
        guard waits else { return context.read() }
        isReadHeld = true
        connection.bodyWaits(true)
    }

    func readOn() {
        guard isReadHeld, let context else { return }
        isReadHeld = false
        connection.bodyWaits(false)
        context.read()
    }

    func source(of head: HTTPRequestHead) -> LoopVisit { parts.visitor.visit(head, peer: peer) }
}

// MARK: Where it is answered

extension RouterHandler {
    func findPlace(_ context: ChannelHandlerContext) {
        guard case .held(let held) = request else { return stopLooking() }
        switch parts.place(held.home, held.pace) {
        case .here(let permit):
            stopLooking()
            request = .here
            connection.answers(under: permit)
            goOn(with: held.parts, context)
        case .away(let address) where !held.isHop:
            stopLooking()
            pass(held, to: address, context)
        case .away:
            stopLooking()
            request = .none
            answer((Misdirection.head, ByteBuffer()), context)
        case .unknown where context.eventLoop.now >= held.until:
            refuse(.notReady, context)
        case .unknown:
            lookAgain(context)
        }
    }

    private func goOn(with parts: [HTTPServerRequestPart], _ context: ChannelHandlerContext) {
        // What is let in meanwhile may have to wait, and sees to its own reading.
        defer { readOn() }
        let current = number
        for part in parts {
            // An answer to the first part lets the next request in.
            guard number == current else { return }
            context.fireChannelRead(wrapInboundOut(part))
        }
        if parts.count > 1 { context.fireChannelReadComplete() }
    }

    func lookAgain(_ context: ChannelHandlerContext) {
        guard look == nil else { return }
        guard parts.held.enter() else { return refuse(.notReady, context) }
        let pause = TimeAmount.milliseconds(HeldRequests.lookMilliseconds)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        look = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            let (router, context) = bound.value
            router.findPlace(context)
        }
    }

    func stopLooking() {
        guard let look else { return }
        look.cancel()
        self.look = nil
        parts.held.leave()
    }

    func refuse(_ code: ErrorCode, _ context: ChannelHandlerContext) {
        stopLooking()
        request = .none
        let refusal = parts.refusal(code)
        var head = refusal.head
        // `ConnectionHandler` says what becomes of the connection.
        head.headers.remove(name: "connection")
        answer((head, refusal.body), context)
    }

    private func answer(
        _ answer: (head: HTTPResponseHead, body: ByteBuffer), _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        readOn()
    }
}

// MARK: The end

extension RouterHandler {
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that has said everything still gets its answer; `ConnectionHandler` closes then.
        if case .inputClosed? = event as? ChannelEvent {
            switch request {
            case .held, .away: return
            case .none, .reading, .here: break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        drop()
        context.fireErrorCaught(error)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.clientHasRoom() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        drop()
        watch?.cancel()
        watch = nil
        context.fireChannelInactive()
    }

    private func drop() {
        stopLooking()
        request = .none
        for owner in owners.values { owner.close() }
        owners = [:]
        owner = nil
    }
}
