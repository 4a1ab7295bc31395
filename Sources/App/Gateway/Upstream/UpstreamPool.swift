import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one event loop to one provider. The last one used is used next, so that few
/// are kept and those are warm. How many there are is bounded by the calls that are let in.
/// Confined to its event loop.
final class UpstreamPool {
    private let eventLoop: any EventLoop
    private let origin: ProviderOrigin
    private let resolver: ProviderResolver
    private let tls: NIOSSLContext?
    private let limits: CallLimits
    private var idle: [UpstreamConnection] = []
    /// In use or being made.
    private var active: [UpstreamConnection] = []

    /// Below the time after which providers close idle connections themselves.
    private static let idleFor = TimeAmount.seconds(25)
    /// Beyond so many, an idle connection is closed: a burst is no reason to keep thousands.
    private static let idleMax = 256

    init(
        _ eventLoop: any EventLoop, origin: ProviderOrigin, resolver: ProviderResolver,
        tls: NIOSSLContext?, limits: CallLimits
    ) {
        self.eventLoop = eventLoop
        self.origin = origin
        self.resolver = resolver
        self.tls = tls
        self.limits = limits
    }

    /// Answers a connection, at once where one is idle.
    ///
    /// - Parameter isFresh: a new one, because a kept one has just turned out to be dead.
    func lease(
        isFresh: Bool, _ body: @escaping (Result<UpstreamConnection, UpstreamFault>) -> Void
    ) {
        if !isFresh, let connection = idle.popLast() {
            activate(connection)
            return body(.success(connection))
        }
        let waiting = NIOLoopBound(body, eventLoop: eventLoop)
        let pool = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        resolver.addresses { answer in
            if eventLoop.inEventLoop {
                pool.value.connect(answer, waiting.value)
            } else {
                eventLoop.execute { pool.value.connect(answer, waiting.value) }
            }
        }
    }

    private func connect(
        _ answer: ProviderResolver.Answer,
        _ body: @escaping (Result<UpstreamConnection, UpstreamFault>) -> Void
    ) {
        switch answer {
        case .failure(let fault): body(.failure(fault))
        case .success(let addresses): connect(addresses[...], body)
        }
    }

    /// Tries one address after the other.
    private func connect(
        _ addresses: ArraySlice<SocketAddress>,
        _ body: @escaping (Result<UpstreamConnection, UpstreamFault>) -> Void
    ) {
        guard let address = addresses.first else {
            return body(.failure(.unreachable("no address")))
        }
        let rest = addresses.dropFirst()
        var made: UpstreamConnection?
        let connection = UpstreamConnection(self, isTLS: origin.isTLS) { [self] fault in
            guard let fault else {
                guard let made else { return }
                return body(.success(made))
            }
            if rest.isEmpty { body(.failure(fault)) } else { connect(rest, body) }
        }
        made = connection
        connection.deadline =
            .now() + .seconds(limits.connectSeconds + (origin.isTLS ? limits.tlsSeconds : 0))
        activate(connection, keepsDeadline: true)
        let (bound, tls) = (NIOLoopBound(connection, eventLoop: eventLoop), tls)
        let name = origin.serverName
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(limits.connectSeconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(bound.value)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenFailure { error in
                connection.fail(.unreachable("\(address): \(error)"))
            }
    }

    private func activate(_ connection: UpstreamConnection, keepsDeadline: Bool = false) {
        if !keepsDeadline { connection.deadline = .distantFuture }
        connection.slot = active.count
        active.append(connection)
    }

    /// The connection is clean: it is kept for the next call.
    func release(_ connection: UpstreamConnection) {
        deactivate(connection)
        connection.deadline = .now() + Self.idleFor
        idle.append(connection)
        // The oldest has been idle longest.
        if idle.count > Self.idleMax { idle[0].fail(.closed) }
    }

    func remove(_ connection: UpstreamConnection) {
        if connection.slot >= 0 {
            deactivate(connection)
        } else if let index = idle.firstIndex(where: { $0 === connection }) {
            idle.remove(at: index)
        }
    }

    private func deactivate(_ connection: UpstreamConnection) {
        guard connection.slot >= 0 else { return }
        let last = active.removeLast()
        if last !== connection {
            active[connection.slot] = last
            last.slot = connection.slot
        }
        connection.slot = -1
    }

    /// Ends what is over its time. One timer for all is enough: deadlines are in seconds.
    func tick(_ now: NIODeadline) {
        for connection in active where connection.deadline < now { connection.fail(.timeout) }
        for connection in idle where connection.deadline < now { connection.fail(.closed) }
    }

    func closeIdle() {
        for connection in idle { connection.fail(.closed) }
    }
}

extension ProviderOrigin {
    /// The name that the certificate has to be for, nil for an address: those are not sent (RFC
    /// 6066 §3), but still compared with the certificate.
    fileprivate var serverName: String? {
        let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
        return isAddress ? nil : host
    }
}
