import Actors
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Listens where the server will listen as the owner, and passes everything on to the owner.
final class StandbyServer: Sendable {
    private let http: HTTPServerConfiguration
    private let listener: any Channel
    private let registry: ConnectionRegistry

    private init(
        _ http: HTTPServerConfiguration, _ listener: any Channel, _ registry: ConnectionRegistry
    ) {
        self.http = http
        self.listener = listener
        self.registry = registry
    }

    /// - Throws: `ListenError` when the address can't be listened on.
    static func start(
        _ http: HTTPServerConfiguration, _ parts: StandbyParts
    ) async throws -> StandbyServer {
        let registry = ConnectionRegistry()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: Int32(clamping: http.backlog))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try setUp(channel, http, parts, registry)
                }
            }
        do {
            let listener = try await bootstrap.bind(host: http.host, port: http.port).get()
            Announcement.print(
                host: http.host, port: listener.localAddress?.port ?? http.port,
                isTLS: http.tls != nil)
            return StandbyServer(http, listener, registry)
        } catch let reason as IOError {
            throw ListenError(host: http.host, port: http.port, reason: reason)
        }
    }

    private static func setUp(
        _ channel: any Channel, _ http: HTTPServerConfiguration, _ parts: StandbyParts,
        _ registry: ConnectionRegistry
    ) throws {
        let isTurnedAway = registry.add(channel) > http.connectionsMax
        let pipeline = channel.pipeline.syncOperations
        if let tls = http.tls {
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
        }
        let decoder = HTTPRequestDecoder(
            leftOverBytesStrategy: .dropBytes, limitConfiguration: http.limits.decoding)
        let answers = parts.answers
        let connection = ConnectionHandler(limits: http.limits, isTurnedAway: isTurnedAway) {
            RefusalAnswer($0, ids: answers.ids, date: HTTPDate.format(answers.clock.now().seconds))
        }
        let peer = channel.remoteAddress?.ipAddress.flatMap { SourceAddress($0) } ?? .unknown
        try pipeline.addHandlers([
            HTTPResponseEncoder(), ByteGate(connection), ByteToMessageHandler(decoder), connection,
            StandbyHandler(parts, connection: connection, peer: peer),
        ])
    }

    /// Nobody comes in any more; answers that are under way are finished by the connections
    /// themselves, beside whoever listens here next.
    func stop() async {
        try? await listener.close().get()
        registry.quiesceAll()
    }

    /// Waits for those answers, within the time that every stop has.
    func finish() async {
        let deadline = ContinuousClock.now + .seconds(http.shutdownSeconds)
        while registry.count > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(10))
        }
        registry.closeAll()
    }
}
