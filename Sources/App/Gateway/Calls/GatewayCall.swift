import Actors
import NIOCore
import Persistence

/// One call of a provider, from its admission to its durable end: sends the request, passes the
/// answer on as it comes, and writes the event. Confined to its event loop.
final class GatewayCall {
    /// What is to be done; made by the admission. One object, because it is handed on several times
    /// and has a dozen parts.
    final class Order {
        let provider: GatewayProvider
        /// With the credentials. Never logged, never kept longer than the call.
        let requestHead: ByteBuffer
        let hasBody: Bool
        /// The body comes in chunks.
        let isChunked: Bool
        /// Nil for the server's own calls.
        let token: ServiceTokenID?
        /// The beginnings of the event.
        let usage: UsageFacts
        let began: NIODeadline

        let isToHEAD: Bool
        /// Methods that change nothing (RFC 9110 §9.2.1).
        let isSafe: Bool
        /// Sending it a second time could do it a second time.
        let isUnsafe: Bool

        init(
            provider: GatewayProvider, method: String, requestHead: ByteBuffer, hasBody: Bool,
            isChunked: Bool, token: ServiceTokenID?, usage: UsageFacts, began: NIODeadline
        ) {
            self.provider = provider
            self.requestHead = requestHead
            self.hasBody = hasBody
            self.isChunked = isChunked
            self.token = token
            self.usage = usage
            self.began = began
            isToHEAD = method == "HEAD"
            isSafe = isToHEAD || method == "GET" || method == "OPTIONS"
            isUnsafe = !isSafe && !provider.entry.calls.isRepeatable
        }
    }

    private enum Stage: Equatable {
        /// Waits for the disk or for a connection.
        case waiting
        case sending
        /// The answer's head is on its way to the client.
        case relaying
        case over
    }

    let order: Order
    private let loop: GatewayLoop
    private weak var client: (any CallClient)?
    private var stage = Stage.waiting
    private var connection: UpstreamConnection?
    fileprivate(set) var facts = CallFacts()
    private var inspector: AnswerInspector?
    private(set) var row: UInt64?
    private var hasRetried = false
    /// Of the request, while there is no connection.
    private var early = CircularBuffer<ByteBuffer>()
    private var earlyBytes = 0
    private var isRequestComplete = false

    /// More of a body than this waits in the client's own socket.
    private static let earlyBytesMax = 64 << 10

    init(_ order: Order, loop: GatewayLoop, client: any CallClient) {
        self.order = order
        self.loop = loop
        self.client = client
    }

    var isOver: Bool { stage == .over }
    private var limits: CallLimits { order.provider.entry.calls.limits }
}

// MARK: The way out

extension GatewayCall {
    func start() {
        guard order.isUnsafe else {
            loop.writeAttemptSoon(self)
            return connect(isFresh: false)
        }
        // What can't be repeated must never be forgotten: it leaves when its attempt is on disk.
        do throws(AppendError) {
            let position = try loop.journal.append(.attempt(order.usage))
            row = position.record
            loop.gate.whenDurable(position) { [self] in
                if stage == .waiting { connect(isFresh: false) }
            }
        } catch {
            stage = .over
            loop.bulkheads.leave(order.provider.id, order.token)
            client?.callFailed(APIError(error), CallEnd(row: nil, call: self))
        }
    }

    func writeAttempt() {
        guard stage != .over, row == nil else { return }
        // A log that takes nothing now gets the whole event at the end.
        row = try? loop.journal.append(.attempt(order.usage)).record
    }

    private func connect(isFresh: Bool) {
        loop.pool(order.provider).lease(isFresh: isFresh) { [self] result in
            switch (result, stage) {
            case (.success(let connection), .over):
                connection.begin(self, isToHEAD: false)
                connection.abandon()
            case (.failure, .over):
                break
            case (.success(let connection), _):
                send(over: connection)
            case (.failure(let fault), _):
                fail(fault)
            }
        }
    }

    private func send(over connection: UpstreamConnection) {
        self.connection = connection
        stage = .sending
        let now = NIODeadline.now()
        facts.sentAt = now
        connection.begin(self, isToHEAD: order.isToHEAD)
        connection.deadline = now + .seconds(limits.idleSeconds)
        connection.send(order.requestHead)
        while let piece = early.popFirst() { write(piece, over: connection) }
        earlyBytes = 0
        if isRequestComplete { complete(connection) } else { connection.flushSoon(loop) }
        client?.callSendsMore()
    }

    /// Whether more of the request's body can be taken now.
    var takesBody: Bool {
        guard let connection else { return earlyBytes <= Self.earlyBytesMax }
        return connection.isWritable
    }

    func sendBody(_ bytes: ByteBuffer) {
        guard stage != .over, bytes.readableBytes > 0 else { return }
        facts.bytesIn += UInt64(bytes.readableBytes)
        guard let connection else {
            early.append(bytes)
            earlyBytes += bytes.readableBytes
            return
        }
        if stage == .sending { connection.deadline = .now() + .seconds(limits.idleSeconds) }
        write(bytes, over: connection)
        connection.flushSoon(loop)
    }

    func endBody() {
        isRequestComplete = true
        if let connection { complete(connection) }
    }

    private func write(_ bytes: ByteBuffer, over connection: UpstreamConnection) {
        guard order.isChunked else { return connection.send(bytes) }
        connection.send(
            ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n"))
        connection.send(bytes)
        connection.send(ByteBuffer(string: "\r\n"))
    }

    private func complete(_ connection: UpstreamConnection) {
        if order.isChunked { connection.send(ByteBuffer(string: "0\r\n\r\n")) }
        if stage == .sending { connection.deadline = .now() + .seconds(limits.firstByteSeconds) }
        connection.requestSent()
        connection.flushSoon(loop)
    }

    /// The client has room again.
    func clientTakesMore() {
        guard stage == .relaying, let connection else { return }
        connection.deadline = .now() + .seconds(limits.idleSeconds)
        connection.resume()
    }
}

// MARK: The way back

extension GatewayCall: AnswerSink {
    func answerHead(_ head: AnswerHead, _ bytes: ByteBuffer, _ fields: [AnswerField]) {
        guard stage == .sending, let connection else { return }
        let now = NIODeadline.now()
        facts.httpStatus = head.status
        var out = ByteBuffer(staticString: "HTTP/1.1")
        out.reserveCapacity(bytes.readableBytes + 512)
        if let line = bytes.getSlice(
            at: bytes.readerIndex + head.statusLine.lowerBound, length: head.statusLine.count)
        {
            out.writeImmutableBuffer(line)
        }
        let provider = order.provider
        let notes = provider.answerFields.relay(
            bytes, fields, keepsLength: head.status != 204, to: &out)
        facts.requestIDHeader = notes.requestID
        facts.retryAfterSeconds = notes.retryAfterSeconds
        provider.rateLimits.note(notes.rateLimits, at: loop.clock.now())
        inspector = AnswerInspector(
            provider.inspection, notes.kind, isFailure: head.status >= 400)
        if let location = notes.location {
            // A provider that repeats the request's URL would repeat a key in its query.
            if RedirectRule.permits(location, origin: provider.origin),
                provider.credentials?.shows(in: location) == false
            {
                out.writeString("location: \(location)\r\n")
            } else if (300..<400).contains(head.status) {
                return blockRedirect()
            }
        }
        stage = .relaying
        connection.deadline = now + .seconds(limits.idleSeconds)
        client?.callAnswers(
            RelayHead(
                status: head.status, framing: head.framing, bytes: out,
                upstreamTime: now - (facts.sentAt ?? now)))
    }

    func answerContent(_ bytes: ByteBuffer) {
        guard stage == .relaying else { return }
        facts.bytesOut += UInt64(bytes.readableBytes)
        inspector?.feed(bytes.readableBytesUInt8Span, in: 0..<bytes.readableBytes)
        client?.callContent(bytes)
        connection?.deadline = .now() + .seconds(limits.idleSeconds)
    }

    func answerPaused() {
        guard stage == .relaying else { return }
        client?.callPauses()
        guard let client, !client.takesMore, let connection else { return }
        // It is the client that has to hurry now, and its connection has a deadline of its own.
        connection.deadline = .distantFuture
        connection.pause()
    }

    func upstreamWritabilityChanged() { client?.callSendsMore() }

    func answerEnded() {
        guard stage == .relaying else { return }
        connection = nil
        if let inspector { facts.findings = inspector.findings }
        facts.judge(order.provider, isUnsafe: order.isUnsafe)
        conclude { client, end in client.callEnded(end) }
    }

    func answerFailed(_ fault: UpstreamFault, isUntouched: Bool) {
        guard stage != .over else { return }
        let wasReused = (connection?.uses ?? 0) > 1
        connection = nil
        // A kept connection that the provider closed just as it was used: once more is harmless
        // where nothing was answered and repeating changes nothing.
        if fault == .closed, isUntouched, wasReused, !hasRetried, order.isSafe, !order.hasBody {
            hasRetried = true
            stage = .waiting
            return connect(isFresh: true)
        }
        fail(fault)
    }
}

// MARK: The end

extension GatewayCall {
    private func fail(_ fault: UpstreamFault) {
        let hasBegun = stage == .relaying
        if let inspector { facts.findings = inspector.findings }
        facts.judge(fault, isUnsafe: order.isUnsafe)
        let isAmbiguous = facts.status == .ambiguous
        conclude { client, end in
            if hasBegun {
                client.callCut(end)
            } else {
                client.callFailed(isAmbiguous ? APIError(.ambiguous) : fault.apiError, end)
            }
        }
    }

    private func blockRedirect() {
        connection?.abandon()
        connection = nil
        facts.status = .error
        facts.errorCode = ErrorCode.redirectBlocked.rawValue
        conclude { client, end in client.callFailed(APIError(.redirectBlocked), end) }
    }

    /// A rule of ours ends the call: its body turned out to be too large.
    func refuse(_ error: APIError) {
        guard stage != .over else { return }
        connection?.abandon()
        connection = nil
        let hasBegun = stage == .relaying
        facts.status = .refused
        facts.errorCode = error.code.rawValue
        conclude { client, end in
            if hasBegun { client.callCut(end) } else { client.callFailed(error, end) }
        }
    }

    /// The client is gone; nobody waits for an answer.
    func abort() {
        guard stage != .over else { return }
        connection?.abandon()
        connection = nil
        if let inspector { facts.findings = inspector.findings }
        facts.judgeAbort()
        conclude { _, _ in }
    }

    /// Writes the event, and tells the client when it is on the disk.
    private func conclude(_ tell: @escaping (any CallClient, CallEnd) -> Void) {
        let hasBegun = stage == .relaying
        stage = .over
        loop.bulkheads.leave(order.provider.id, order.token)
        let now = loop.clock.now()
        var ending = facts.ending(at: now, began: order.began, ended: .now())
        // What only reads an earlier answer again repeats its units, and has used none.
        if order.isSafe { ending.units = nil }
        let record: UsageRecord
        if let row {
            record = .outcome(row: row, ending)
        } else {
            var usage = order.usage
            usage.end(ending)
            record = .event(usage, report: nil, arrivedAt: now)
        }
        do throws(AppendError) {
            let position = try loop.journal.append(record)
            loop.gate.whenDurable(position) { [self] in
                if let client { tell(client, CallEnd(row: row ?? position.record, call: self)) }
            }
        } catch {
            // The event is written when there is room again; the caller can't be told that all is
            // well until then, so it is told nothing.
            loop.journal.postpone(record)
            let end = CallEnd(row: row, call: self)
            if hasBegun {
                client?.callCut(end)
            } else {
                client?.callFailed(APIError(error), end)
            }
        }
    }
}

/// Whether a redirect stays with the provider. It is never followed; a client that follows it does
/// so with us in between, or not at all.
enum RedirectRule {
    static func permits(_ location: String, origin: ProviderOrigin) -> Bool {
        // Browsers take a backslash for a slash, and what is behind it for a host.
        guard !location.contains("\\"), !location.hasPrefix("//") else { return false }
        guard let scheme = location.prefixMatch(of: /(?<name>[A-Za-z][A-Za-z0-9+.-]*):/) else {
            // A path, a query or nothing: it is resolved against our own address.
            return true
        }
        guard location[scheme.range.upperBound...].hasPrefix("//") else { return false }
        let rest = location[scheme.range.upperBound...].dropFirst(2)
        let authority = rest.prefix { !"/?#".contains($0) }
        return scheme.name.lowercased() == (origin.isTLS ? "https" : "http")
            && authority.lowercased() == origin.authority.lowercased()
    }
}
