import LoadCore
import NIOCore
import NIOPosix

/// One connection to the server: sends a request, reads its answer, judges it, and tells the worker
/// when the operation has ended. Only the worker's event loop touches it.
final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let slot: Int
    private let worker: Worker
    private var context: ChannelHandlerContext?
    private var parser = ResponseParser()
    private var expectation = Expectation()
    /// When this request was sent, or meant to be sent if it is the first of its operation.
    private var stepBegan: Nanoseconds = 0
    private var lastEvent: Nanoseconds = 0
    private var eventsSeen = 0
    private var awaitsFirstByte = false

    private(set) var isOpen = false
    private(set) var isBusy = false
    var idleSince: Nanoseconds = 0
    /// When the last request was really sent: what a timeout counts from.
    private(set) var sent: Nanoseconds = 0

    /// The operation under way.
    private(set) var scenario = 0
    private(set) var intended: Nanoseconds = 0
    private(set) var isMeasured = false
    private(set) var bytesReceived = 0
    private(set) var bytesSent = 0
    private(set) var requests = 0
    private(set) var retryAfterSeconds: Int?
    var visit = Visit()

    init(slot: Int, worker: Worker) {
        self.slot = slot
        self.worker = worker
    }

    // MARK: Sending

    func begin(
        _ exchange: Exchange, of scenario: Int, visit: Visit, intended: Nanoseconds,
        isMeasured: Bool, at now: Nanoseconds
    ) {
        self.scenario = scenario
        self.visit = visit
        self.intended = intended
        self.isMeasured = isMeasured
        bytesReceived = 0
        bytesSent = 0
        requests = 0
        retryAfterSeconds = nil
        isBusy = true
        send(exchange, began: intended, at: now)
    }

    private func send(_ exchange: Exchange, began: Nanoseconds, at now: Nanoseconds) {
        expectation = exchange.expectation
        stepBegan = began
        sent = now
        lastEvent = now
        eventsSeen = 0
        awaitsFirstByte = true
        requests += 1
        bytesSent += exchange.request.readableBytes
        context?.writeAndFlush(wrapOutboundOut(exchange.request), promise: nil)
    }

    // MARK: Receiving

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        isOpen = true
        worker.opened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        let count = buffer.readableBytes
        bytesReceived += count
        guard isBusy else { return abandon(.malformed) }
        do throws(ResponseFault) {
            let (position, isComplete) = try parser.read(
                buffer.readableBytesUInt8Span, from: 0, expectation.interest)
            if case .stream(let firstByte, let gap) = expectation.part {
                noteProgress(firstByte: firstByte, gap: gap)
            }
            guard isComplete else { return }
            // Bytes beyond the answer to the only request belong to nothing.
            guard position == count else { return abandon(.malformed) }
            finishAnswer(at: Clock.now())
        } catch {
            abandon(.malformed)
        }
    }

    private func noteProgress(firstByte: Int, gap: Int) {
        guard parser.bodyBytes > 0 else { return }
        let now = Clock.now()
        if awaitsFirstByte {
            awaitsFirstByte = false
            worker.record(now - stepBegan, part: firstByte, of: self)
            lastEvent = now
            eventsSeen = parser.events
        } else if parser.events > eventsSeen {
            // Events that came in one piece had no gap between them to be seen from here.
            worker.record(now - lastEvent, part: gap, of: self)
            lastEvent = now
            eventsSeen = parser.events
        }
    }

    private func finishAnswer(at now: Nanoseconds) {
        let status = parser.status
        retryAfterSeconds = parser.retryAfterSeconds
        worker.recordStatus(status, of: self)
        guard status == expectation.status else { return end(.status(status), at: now) }
        if expectation.interest.marker != nil, !parser.foundMarker {
            return end(.mismatch, at: now)
        }
        if case .whole(let part) = expectation.part {
            worker.record(Clock.span(from: stepBegan, to: now), part: part, of: self)
        }
        switch worker.proceed(self, body: parser.keptBody) {
        case .done: end(nil, at: now)
        case .failed(let failure): end(failure, at: now)
        case .exchange(let exchange):
            // The next request would need another connection, which is no part of the operation.
            guard isOpen, !parser.closesConnection else { return end(.closed, at: now) }
            send(exchange, began: now, at: now)
        }
    }

    private func end(_ failure: Failure?, at now: Nanoseconds) {
        isBusy = false
        idleSince = now
        let closes = parser.closesConnection || expectation.closes
        if closes { isOpen = false }
        worker.ended(self, failure, at: now)
        if closes { context?.close(promise: nil) }
    }

    // MARK: The end

    /// What was under way has failed, and the connection is of no more use.
    func abandon(_ failure: Failure) {
        isOpen = false
        if isBusy {
            isBusy = false
            worker.ended(self, failure, at: Clock.now())
        }
        context?.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        abandon(Failure(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        if isBusy, parser.readClose(expectation.interest) {
            finishAnswer(at: Clock.now())
        } else if isBusy {
            abandon(.closed)
        }
        self.context = nil
        worker.lost(self)
    }

    func close() {
        isOpen = false
        context?.close(promise: nil)
    }
}

extension Failure {
    /// What the system's error means to a run.
    init(_ error: any Error) {
        switch (error as? IOError)?.errnoCode {
        case SystemError.refused: self = .refused
        case SystemError.reset, SystemError.brokenPipe: self = .reset
        default:
            switch error {
            case let error as NIOConnectionError:
                self = error.connectionErrors.first.map { Failure($0.error) } ?? .unreachable
            case ChannelError.connectTimeout: self = .timeout
            default: self = .unreachable
            }
        }
    }
}
