import Actors
import NIOCore
import NIOHTTP1

/// What connections of a standby share.
struct StandbyParts: Sendable {
    /// Where requests go; nil while nobody owns the data.
    let owner: @Sendable () -> PeerAddress?
    let connector: OwnerConnector
    let seal: HopSeal
    let visitor: LoopVisitor
    let answers: StandbyAnswers
}

/// Passes the requests of one connection on to the owner, one at a time, and the answers back.
///
/// It stands behind `ConnectionHandler`, which keeps limits and deadlines as it does everywhere. A
/// request that another server has passed on already is refused: two standbys that each believe the
/// other to be the owner must not play ball with it. Confined to its event loop.
final class StandbyHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Request {
        /// There is none, or it has its answer and the rest of it is for nobody.
        case none
        /// Answered here when it is complete.
        case own(HTTPRequestHead, LoopVisit)
        case passedOn(isAnswerBegun: Bool)
    }

    private let parts: StandbyParts
    private let connection: ConnectionHandler
    private let peer: SourceAddress
    private var context: ChannelHandlerContext?
    private var owner: OwnerConnection?
    private var request = Request.none
    private var isReadHeld = false
    private var watch: RepeatedTask?

    /// How often it is asked whether the owner of a request under way is still the owner: a server
    /// that stands still never says that it is none any more.
    private static let watchMilliseconds: Int64 = 250

    init(_ parts: StandbyParts, connection: ConnectionHandler, peer: SourceAddress) {
        self.parts = parts
        self.connection = connection
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: What the client sends

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), request) {
        case (.head(let head), _):
            begin(head, context)
        case (.body(let bytes), .passedOn):
            owner?.write(.body(.byteBuffer(bytes)))
        case (.end(let trailers), .passedOn):
            owner?.write(.end(trailers))
            owner?.flush()
        case (.end, .own(let head, let visit)):
            request = .none
            answer(parts.answers.answer(head, visit), context)
        case (.body, _), (.end, .none):
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { owner?.flush() }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !head.headers.contains(name: HopSeal.header) else { return refuse(context) }
        let visit = parts.visitor.visit(head, peer: peer)
        if head.method == .GET, OperationsRoutes.aboutProcess.contains(head.uri) {
            request = .own(head, visit)
            return
        }
        guard let address = parts.owner() else { return refuse(context) }
        request = .passedOn(isAnswerBegun: false)
        if owner?.address != address {
            owner?.close()
            owner = parts.connector.connect(to: address, for: self, on: context.eventLoop)
        }
        owner?.write(.head(passedOn(head, from: visit)))
        watchOwner(context)
    }

    private func passedOn(_ head: HTTPRequestHead, from visit: LoopVisit) -> HTTPRequestHead {
        var head = head
        head.headers.removeHopByHop()
        let seal = parts.seal.seal(head, from: visit.source, at: visit.now)
        head.headers.add(name: HopSeal.header, value: seal)
        return head
    }

    func read(context: ChannelHandlerContext) {
        if case .passedOn = request, let owner, !owner.hasRoom {
            isReadHeld = true
            connection.bodyWaits(true)
        } else {
            context.read()
        }
    }

    func ownerHasRoom() {
        guard isReadHeld, let context else { return }
        isReadHeld = false
        connection.bodyWaits(false)
        context.read()
    }

    // MARK: What the owner answers

    var clientHasRoom: Bool { context?.channel.isWritable ?? false }

    func received(_ part: HTTPClientResponsePart, from sender: OwnerConnection) {
        guard sender === owner, case .passedOn = request, let context else { return }
        switch part {
        case .head(var head):
            head.headers.removeHopByHop()
            // 100 Continue is not the answer yet.
            let isAnswer = head.status.code >= 200
            if isAnswer { request = .passedOn(isAnswerBegun: true) }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if !isAnswer { context.flush() }
        case .body(let bytes):
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        case .end(let trailers):
            request = .none
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            ownerHasRoom()
        }
    }

    func receivedAll() { context?.flush() }

    /// The connection to the owner is of no use any more.
    func ended(_ sender: OwnerConnection) {
        guard sender === owner else { return }
        owner = nil
        guard case .passedOn(let isAnswerBegun) = request, let context else { return }
        request = .none
        // Half an answer is out; that it is half is all that can be said.
        if isAnswerBegun { context.close(promise: nil) } else { refuse(context) }
        ownerHasRoom()
    }

    private func watchOwner(_ context: ChannelHandlerContext) {
        guard watch == nil else { return }
        let pause = TimeAmount.milliseconds(Self.watchMilliseconds)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            bound.value.checkOwner()
        }
    }

    private func checkOwner() {
        guard case .passedOn = request, let owner, parts.owner() != owner.address else { return }
        owner.close()
        ended(owner)
    }

    // MARK: What is answered here

    private func refuse(_ context: ChannelHandlerContext) {
        request = .none
        answer(parts.answers.refusal(.notReady), context)
    }

    private func answer(
        _ answer: (head: HTTPResponseHead, body: ByteBuffer), _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: The end

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that has said everything still gets its answer; `ConnectionHandler` closes then.
        if case .inputClosed? = event as? ChannelEvent { return }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { drop() }

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
        request = .none
        owner?.close()
        owner = nil
    }
}

extension HTTPHeaders {
    /// What concerns one connection only. How the body is framed stays: the codecs need it.
    fileprivate mutating func removeHopByHop() {
        let named = self[canonicalForm: "connection"].map { String($0).lowercased() }
        for name in named + ["connection", "keep-alive", "proxy-connection", "te", "upgrade"]
        where name != "transfer-encoding" && name != "content-length" {
            remove(name: name)
        }
    }
}
