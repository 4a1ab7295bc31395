package import NIOCore
import NIOPosix
import Synchronization

/// A client of a cluster of NATS servers over one connection, which is made anew when it ends.
///
/// Nothing is kept back while there is no connection: a publication fails at once, and whether a
/// request that was under way arrived is not known. Whoever needs to know asks again.
package final class NATSClient: Sendable {
    package typealias MessageHandler = @Sendable (Message) -> Void
    package typealias Completion = @Sendable (Result<Message, NATSError>) -> Void

    /// All handlers and completions are called here, but for those of what fails at once.
    package let eventLoop: any EventLoop
    private let configuration: ClientConfiguration
    private let state: Mutex<ClientState>
    private let pendingBytes = Atomic<Int>(0)
    private let inbox: String
    private let complain: @Sendable (String) -> Void

    private static let tickMilliseconds: Int64 = 20

    /// - Parameter complain: told of what goes wrong and is tried again.
    package init(
        _ configuration: ClientConfiguration, on eventLoop: any EventLoop,
        complain: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.complain = complain
        let name = (0..<2).map { _ in String(UInt64.random(in: 0...UInt64.max), radix: 36) }
        inbox = "_INBOX.\(name.joined())"
        var state = ClientState()
        // The answers to all requests come through the first subscription.
        state.nextSubscription = 2
        self.state = Mutex(state)
    }

    /// Begins to connect, and goes on until `close`.
    package func start() {
        eventLoop.execute { self.attempt() }
        eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(Self.tickMilliseconds),
            delay: .milliseconds(Self.tickMilliseconds)
        ) { task in
            let (expired, isClosed) = self.state.withLock {
                ($0.takeExpired(now: Milliseconds.now), $0.isClosed)
            }
            for completion in expired { completion(.failure(.timeout)) }
            if isClosed { task.cancel() }
        }
    }

    /// Returns when there is a connection.
    ///
    /// - Throws: when the time is over; or earlier, when every server refuses for a reason that
    ///   another attempt does not change.
    package func connected(withinMilliseconds limit: Int64) async throws(NATSError) {
        let error: NATSError? = await withCheckedContinuation { continuation in
            let once = Once { continuation.resume(returning: $0) }
            let isDone = state.withLock { state in
                if state.connection != nil || state.isClosed { return true }
                state.waiting.append { once.call($0) }
                return false
            }
            if isDone { return once.call(isClosed ? .closed : nil) }
            eventLoop.scheduleTask(in: .milliseconds(limit)) {
                once.call(self.state.withLock { $0.lastError } ?? .timeout)
            }
        }
        if let error { throw error }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    /// What the server of the connection says about itself; nil without one.
    package var serverInfo: ServerInfo? { state.withLock { $0.connection?.info } }

    package func close() {
        let (channel, waiting, requests) = state.withLock { state in
            state.isClosed = true
            let channel = state.connection?.channel
            state.connection = nil
            defer { state.waiting = [] }
            return (channel, state.waiting, state.takeRequests())
        }
        channel?.close(promise: nil)
        for completion in requests { completion(.failure(.closed)) }
        for waiter in waiting { waiter(.closed) }
    }

    // MARK: Messages

    /// Hands the message to the socket. That it arrived, only an answer says.
    package func publish(_ publication: Publication) throws(NATSError) {
        guard let connection = state.withLock({ $0.connection }) else { throw .notConnected }
        let limit = connection.info.maxPayload
        let bytes = publication.payload.count
        guard limit == 0 || bytes <= limit else {
            throw .messageTooLarge(bytes: bytes, limit: limit)
        }
        try send(.publish(publication), to: connection.channel)
    }

    private func send(_ operation: ClientOperation, to channel: any Channel) throws(NATSError) {
        var buffer = channel.allocator.buffer(capacity: 512)
        do throws(ProtocolError) {
            try operation.encode(into: &buffer)
        } catch {
            throw .protocolViolation(error)
        }
        let count = buffer.readableBytes
        let pending = pendingBytes.add(count, ordering: .relaxed).newValue
        guard pending <= ProtocolLimits.pendingBytesMax else {
            pendingBytes.subtract(count, ordering: .relaxed)
            throw .overloaded
        }
        channel.writeAndFlush(buffer).whenComplete { _ in
            self.pendingBytes.subtract(count, ordering: .relaxed)
        }
    }

    /// Sends a request. `completion` is called once, with the answer or with why there is none.
    package func request(
        _ publication: Publication, timeoutMilliseconds: UInt64,
        completion: @escaping Completion
    ) {
        let token: UInt64? = state.withLock { state in
            guard state.requests.count < ProtocolLimits.requestsMax else { return nil }
            let token = state.nextRequest
            state.nextRequest += 1
            state.requests[token] = ClientState.Request(
                deadline: Milliseconds.now + timeoutMilliseconds, completion: completion)
            return token
        }
        guard let token else { return completion(.failure(.overloaded)) }
        var publication = publication
        publication.reply = "\(inbox).\(token)"
        do throws(NATSError) {
            try publish(publication)
        } catch {
            finish(token, .failure(error))
        }
    }

    package func request(
        _ publication: Publication, timeoutMilliseconds: UInt64
    ) async throws(NATSError) -> Message {
        let result = await withCheckedContinuation { continuation in
            request(publication, timeoutMilliseconds: timeoutMilliseconds) {
                continuation.resume(returning: $0)
            }
        }
        return try result.get()
    }

    private func finish(_ token: UInt64, _ result: Result<Message, NATSError>) {
        let request = state.withLock { $0.requests.removeValue(forKey: token) }
        request?.completion(result)
    }

    // MARK: Subscriptions

    /// Has `handler` called with every message of the subject, from now on and after every
    /// reconnection; what is sent in between is lost.
    ///
    /// - Returns: what `unsubscribe` takes; nil when there are too many.
    package func subscribe(
        to subject: String, queue: String? = nil, handler: @escaping MessageHandler
    ) -> UInt64? {
        let (id, channel) = state.withLock { state -> (UInt64?, (any Channel)?) in
            guard state.subscriptions.count < ProtocolLimits.subscriptionsMax else {
                return (nil, nil)
            }
            let id = state.nextSubscription
            state.nextSubscription += 1
            state.subscriptions[id] = ClientState.Subscription(
                subject: subject, queue: queue, handler: handler)
            return (id, state.connection?.channel)
        }
        if let id, let channel {
            try? send(.subscribe(subject: subject, queue: queue, id: id), to: channel)
        }
        return id
    }

    package func unsubscribe(_ id: UInt64) {
        let channel = state.withLock { state in
            state.subscriptions[id] = nil
            return state.connection?.channel
        }
        if let channel { try? send(.unsubscribe(id: id, after: nil), to: channel) }
    }

    /// A subject of this client's own that a consumer can deliver to.
    package func newInbox() -> String {
        let number = state.withLock { state in
            defer { state.nextRequest += 1 }
            return state.nextRequest
        }
        // Not below the inbox itself, whose subscription would get everything a second time.
        return "\(inbox)D.\(number)"
    }

    // MARK: Connecting

    private func attempt() {
        let next = state.withLock { state in
            state.isClosed ? nil : state.beginAttempt(of: configuration.servers)
        }
        guard let (address, number) = next else { return }
        let listener = ConnectionHandler.Listener(
            ready: { self.isReady($0, $1, address) },
            message: { self.received($0) },
            complaint: { self.complain($0) },
            ended: { self.ended(number, $0, address) })
        let session = Session(configuration.terms, now: Milliseconds.now)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(configuration.connectMilliseconds))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls = configuration.tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(
                            session, tls: tls, address: address, listener: listener))
                }
            }
            .connect(host: address.host, port: address.port)
            // A connection that was made and ended says so through the listener.
            .whenFailure { self.ended(number, .connectionLost("\($0)"), address) }
    }

    private func isReady(_ channel: any Channel, _ info: ServerInfo, _ address: ServerAddress) {
        try? send(.subscribe(subject: "\(inbox).*", queue: nil, id: 1), to: channel)
        let (waiting, isClosed) = state.withLock { state in
            state.succeeded()
            for (id, subscription) in state.subscriptions {
                try? send(
                    .subscribe(subject: subscription.subject, queue: subscription.queue, id: id),
                    to: channel)
            }
            if !state.isClosed {
                state.connection = ClientState.Connection(
                    channel: channel, info: info, address: address)
            }
            defer { state.waiting = [] }
            return (state.waiting, state.isClosed)
        }
        if isClosed { channel.close(promise: nil) }
        for waiter in waiting { waiter(nil) }
    }

    private func ended(_ number: UInt64, _ error: NATSError, _ address: ServerAddress) {
        typealias Step = (
            requests: [Completion], hopeless: [@Sendable (NATSError?) -> Void],
            waitMilliseconds: Int64, isClosed: Bool
        )
        let step: Step? = state.withLock { state in
            guard number == state.attempt else { return nil }
            // An end that follows another of the same attempt finds that number gone.
            state.endAttempt()
            let wasReady = state.connection != nil
            state.connection = nil
            let requests = state.takeRequests()
            let pause = configuration.backOff.milliseconds(
                afterRounds: state.rounds + 1, random: .random(in: 0..<1))
            // A connection that was good is replaced soon, beginning with the next server.
            guard !wasReady else { return (requests, [], pause, state.isClosed) }
            let verdict = state.failed(error, servers: configuration.servers.count)
            let wait = verdict.roundEnded ? pause : 0
            guard verdict.isHopeless else { return (requests, [], wait, state.isClosed) }
            defer { state.waiting = [] }
            return (requests, state.waiting, wait, state.isClosed)
        }
        guard let step else { return }
        for completion in step.requests { completion(.failure(error)) }
        for waiter in step.hopeless { waiter(error) }
        guard !step.isClosed else { return }
        complain("\(address): \(error)")
        eventLoop.scheduleTask(in: .milliseconds(step.waitMilliseconds)) { self.attempt() }
    }

    private func received(_ message: Message) {
        if message.subscription == 1 {
            guard let dot = message.subject.lastIndex(of: "."),
                let token = UInt64(message.subject[message.subject.index(after: dot)...])
            else { return }
            return finish(
                token, message.saysNoResponders ? .failure(.noResponders) : .success(message))
        }
        state.withLock { $0.subscriptions[message.subscription]?.handler }?(message)
    }
}

/// Calls a closure the first time only.
private final class Once: Sendable {
    private let body: Mutex<(@Sendable (NATSError?) -> Void)?>

    init(_ body: @escaping @Sendable (NATSError?) -> Void) { self.body = Mutex(body) }

    func call(_ error: NATSError?) {
        let body = self.body.withLock { body in
            defer { body = nil }
            return body
        }
        body?(error)
    }
}
