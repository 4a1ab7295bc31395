import Actors
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Opens connections to the owner.
struct OwnerConnector: Sendable {
    /// For owners that speak TLS.
    let tls: NIOSSLContext?

    private static let connectSeconds: Int64 = 2

    func connect(
        to address: PeerAddress, for client: RouterHandler, on eventLoop: any EventLoop
    ) -> OwnerConnection {
        let connection = OwnerConnection(to: address, for: client)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(Self.connectSeconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if address.isTLS, let tls {
                        let handler = try NIOSSLClientHandler(
                            context: tls, serverHostname: address.nameForTLS)
                        try pipeline.addHandler(handler)
                    }
                    let decoder = HTTPResponseDecoder(
                        leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward)
                    try pipeline.addHandlers([
                        HTTPRequestEncoder(), ByteToMessageHandler(decoder), bound.value,
                    ])
                }
            }
            .connect(host: address.host, port: address.port)
            .assumeIsolated().whenFailure { _ in connection.failed() }
        return connection
    }

    /// - Parameter authorities: PEM file with roots; empty is the system's.
    static func tls(authorities: String) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        if !authorities.isEmpty { settings.trustRoots = .file(authorities) }
        return try NIOSSLContext(configuration: settings)
    }
}

/// A connection to the owner, for the requests of one client's connection. Confined to that one's
/// event loop.
final class OwnerConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    let address: PeerAddress
    /// Nil when the connection is of no use any more.
    private var client: RouterHandler?
    private var context: ChannelHandlerContext?
    /// What waits for the connection to be there.
    private var waiting: [HTTPClientRequestPart] = []
    private var isReadHeld = false
    private var isLastAnswer = false
    private var wasOpen = false

    init(to address: PeerAddress, for client: RouterHandler) {
        self.address = address
        self.client = client
    }

    // MARK: To the owner

    /// False while nothing more of a body should be read: what is there has not left.
    var hasRoom: Bool { context?.channel.isWritable ?? false }

    func write(_ part: HTTPClientRequestPart) {
        guard let context else { return waiting.append(part) }
        context.write(wrapOutboundOut(part), promise: nil)
    }

    func flush() { context?.flush() }

    func channelActive(context: ChannelHandlerContext) {
        guard client != nil else { return context.close(promise: nil) }
        self.context = context
        wasOpen = true
        for part in waiting { context.write(wrapOutboundOut(part), promise: nil) }
        waiting = []
        context.flush()
        context.fireChannelActive()
        client?.ownerHasRoom()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { client?.ownerHasRoom() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: From the owner

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .head(let head) = part, head.status.code >= 200 {
            isLastAnswer = !head.isKeepAlive
        }
        client?.received(part, from: self)
        // The next request takes a new connection.
        if case .end = part, isLastAnswer { failed() }
    }

    func channelReadComplete(context: ChannelHandlerContext) { client?.receivedAll() }

    func read(context: ChannelHandlerContext) {
        if client?.clientHasRoom == false { isReadHeld = true } else { context.read() }
    }

    func clientHasRoom() {
        guard isReadHeld, let context else { return }
        isReadHeld = false
        context.read()
    }

    // MARK: The end

    func close() {
        client = nil
        context?.close(promise: nil)
        context = nil
        waiting = []
    }

    /// The client is told, and asks for another connection when it needs one.
    func failed() {
        let client = client
        close()
        client?.ended(self, wasOpen: wasOpen)
    }

    func channelInactive(context: ChannelHandlerContext) {
        failed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { failed() }
}
