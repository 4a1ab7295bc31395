import Actors
import HTTPTypes
package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// How an accepted connection becomes requests: TLS where it is wanted, NIO's HTTP/1.1 codec, our
/// `ConnectionHandler`, and then Hummingbird's loop, which asks the front for each answer.
package struct HTTPConnection: HTTPChannelHandler {
    package typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    package private(set) var responder: Responder = { _, _, _ in }
    private let front: Front
    private let limits: ConnectionLimits
    private let connectionsMax: Int
    private let tls: TLSIdentity?
    private let registry: ConnectionRegistry
    private let gateway: Gateway?
    private let direct: DirectRoutes?
    private let router: RouterParts?
    private let refusal: @Sendable (ErrorCode) -> RefusalAnswer

    init(
        front: Front, limits: ConnectionLimits, connectionsMax: Int, tls: TLSIdentity?,
        registry: ConnectionRegistry,
        gateway: Gateway?, direct: DirectRoutes?, router: RouterParts?
    ) {
        self.front = front
        self.limits = limits
        self.connectionsMax = connectionsMax
        self.tls = tls
        self.registry = registry
        self.gateway = gateway
        self.direct = direct
        self.router = router
        refusal = front.refusal
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let isTurnedAway = registry.add(channel) > connectionsMax
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            // Answers are written whole; holding one back for more to come only delays it.
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            if let tls {
                try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
            }
            let decoder = HTTPRequestDecoder(
                leftOverBytesStrategy: .dropBytes, limitConfiguration: limits.decoding)
            let connection = ConnectionHandler(
                limits: limits, isTurnedAway: isTurnedAway, refusal: refusal)
            try pipeline.addHandlers([
                HTTPResponseEncoder(), ByteGate(connection), ByteToMessageHandler(decoder),
                connection,
            ])
            let peer = Self.peer(channel)
            if let router {
                try pipeline.addHandler(
                    RouterHandler(router, connection: connection, peer: peer))
            }
            if let gateway {
                let loop = gateway.loop(channel.eventLoop)
                if let direct {
                    try pipeline.addHandler(
                        DirectHandler(direct, loop: loop, connection: connection, peer: peer))
                }
                try pipeline.addHandler(
                    GatewayHandler(gateway, loop: loop, connection: connection, peer: peer))
            }
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    package func handle(value: Value, logger: Logger) async {
        let channel = value.channel
        let peer = PeerContext(peer: Self.peer(channel)) {
            // A connection that has gone away shows itself when the body is read.
            try? await channel.writeAndFlush(HTTPResponsePart.head(.init(status: .continue)))
        }
        var connection = self
        connection.responder = { [front] request, writer, _ in
            let response = await front.respond(to: request, context: peer)
            try await writer.write(response: response.head, body: response.body)
        }
        await connection.handleHTTP(asyncChannel: value, logger: logger)
    }

    private static func peer(_ channel: any Channel) -> SourceAddress {
        channel.remoteAddress?.ipAddress.flatMap { SourceAddress($0) } ?? .unknown
    }
}
