import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import UnixSignals

/// The listening server as a service: accepts until it is told to stop, then lets what is under way
/// finish, and cuts what does not.
package struct HTTPServer: Service {
    private let configuration: HTTPServerConfiguration
    private let connection: HTTPConnection
    private let registry: ConnectionRegistry
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameter onListening: called once, with the port that was bound.
    init(
        _ configuration: HTTPServerConfiguration, front: Front, gateway: Gateway?,
        direct: DirectRoutes?,
        registry: ConnectionRegistry = ConnectionRegistry(), logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) {
        self.configuration = configuration
        self.registry = registry
        self.logger = logger
        self.onListening = onListening
        connection = HTTPConnection(
            front: front, limits: configuration.limits,
            connectionsMax: configuration.connectionsMax, tls: configuration.tls,
            registry: registry, gateway: gateway, direct: direct, router: configuration.router)
    }

    /// Returns when the last connection is closed.
    ///
    /// - Throws: what the system says when the address cannot be bound.
    package func run() async throws {
        let server = connection.server(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: configuration.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    configuration.connectionsMax + configuration.refusedConnectionsMax,
                    logger: logger)),
            onServerRunning: { [onListening] channel in
                onListening(channel.localAddress?.port ?? 0)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { helpers in
            helpers.addTask { try await cutAfterGrace() }
            if let tls = configuration.tls {
                helpers.addTask { await reloadOnHangUp(tls) }
            }
            try await server.run()
            helpers.cancelAll()
            // Their only error is the cancellation that they have just been sent.
            while await helpers.nextResult() != nil {}
        }
    }

    private func cutAfterGrace() async throws {
        try await gracefulShutdown()
        try await Task.sleep(for: .seconds(configuration.shutdownSeconds))
        logger.warning("closing connections that did not finish in time")
        registry.closeAll()
    }

    private func reloadOnHangUp(_ tls: TLSIdentity) async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do throws(TLSIdentityError) {
                try tls.reload()
                logger.notice("certificate reloaded")
            } catch {
                logger.error("certificate not reloaded; the old one stays", error: error)
            }
        }
    }
}
