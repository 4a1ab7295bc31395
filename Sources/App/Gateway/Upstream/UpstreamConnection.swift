import NIOCore
import NIOSSL
import NIOTLS

/// Receives one answer. All calls come on the event loop that both channels share.
protocol AnswerSink: AnyObject {
    /// The head, as it came: `fields` are places in `bytes`.
    func answerHead(_ head: AnswerHead, _ bytes: ByteBuffer, _ fields: [AnswerField])
    /// A piece of the body, without its framing.
    func answerContent(_ bytes: ByteBuffer)
    /// Nothing more for now.
    func answerPaused()
    func answerEnded()
    /// - Parameter isUntouched: not one byte of an answer had come.
    func answerFailed(_ fault: UpstreamFault, isUntouched: Bool)
    func upstreamWritabilityChanged()
}

/// One connection to a provider: sends bytes, reads one answer at a time strictly, and is given
/// back to its pool only when nothing about it is in doubt. Confined to its event loop.
final class UpstreamConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case connecting
        case idle
        case head(ByteBuffer?)
        case length(Int)
        case chunked(ChunkReader)
        case untilClose
        case closed
    }

    private let pool: UpstreamPool
    private let isTLS: Bool
    private var context: ChannelHandlerContext?
    private var phase = Phase.connecting
    private weak var sink: (any AnswerSink)?
    private var fields: [AnswerField] = []
    private var isToHEAD = false
    private var isReusable = true
    private var isRequestSent = false
    private var isUntouched = true
    private var isPaused = false
    private var isFlushDue = false
    private var isReadHeld = false
    /// Called once, when the connection can be used or never will be.
    private var onReady: ((UpstreamFault?) -> Void)?
    /// How many requests went over it.
    private(set) var uses = 0
    /// Looked at by the pool's tick.
    var deadline = NIODeadline.distantFuture
    /// Where the pool keeps it.
    var slot = -1

    private static let headBytesMax = 64 << 10

    init(_ pool: UpstreamPool, isTLS: Bool, onReady: @escaping (UpstreamFault?) -> Void) {
        self.pool = pool
        self.isTLS = isTLS
        self.onReady = onReady
    }

    // MARK: The caller's side

    func begin(_ sink: any AnswerSink, isToHEAD: Bool) {
        self.sink = sink
        self.isToHEAD = isToHEAD
        phase = .head(nil)
        isReusable = true
        isRequestSent = false
        isUntouched = true
        isPaused = false
        uses += 1
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func send(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

    /// Lets everything that is sent within this turn of the loop leave in one piece: a request's
    /// head and its body have mostly arrived together.
    func flushSoon(_ loop: GatewayLoop) {
        guard !isFlushDue else { return }
        isFlushDue = true
        loop.flushSoon { [self] in
            isFlushDue = false
            context?.flush()
        }
    }

    func requestSent() { isRequestSent = true }

    func pause() { isPaused = true }

    func resume() {
        isPaused = false
        guard isReadHeld else { return }
        isReadHeld = false
        context?.read()
    }

    /// The caller is gone: what is left of the answer can't be told from the next one.
    func abandon() {
        sink = nil
        shut()
    }

    // MARK: The channel's side

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !isTLS { ready(nil) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { ready(nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func ready(_ fault: UpstreamFault?) {
        guard case .connecting = phase else { return }
        phase = fault == nil ? .idle : .closed
        let body = onReady
        onReady = nil
        body?(fault)
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { isReadHeld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        isUntouched = false
        do throws(AnswerFault) {
            while bytes.readableBytes > 0, try take(&bytes) {}
        } catch {
            fail(.invalid("\(error)"))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        sink?.answerPaused()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        sink?.upstreamWritabilityChanged()
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .untilClose = phase {
            end()
        } else {
            fail(.closed)
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .connecting = phase {
            let reason = isTLS ? "TLS or the connection failed: \(error)" : "\(error)"
            ready(.unreachable(reason))
            context.close(promise: nil)
        } else if case NIOSSLError.uncleanShutdown = error {
            // Without its close_notify the end of such a body may be anybody's (RFC 8446 §6.1).
            if case .untilClose = phase { fail(.closed) }
        } else {
            fail(.closed)
        }
    }

    // MARK: Reading

    /// Takes a part of the bytes; false when the rest is nobody's.
    private func take(_ bytes: inout ByteBuffer) throws(AnswerFault) -> Bool {
        switch phase {
        case .connecting, .idle, .closed:
            throw .malformed("content that nobody asked for")
        case .head(let saved):
            try takeHead(&bytes, saved)
        case .length(let left):
            guard let piece = bytes.readSlice(length: min(left, bytes.readableBytes)) else {
                return false
            }
            phase = .length(left - piece.readableBytes)
            sink?.answerContent(piece)
            if left == piece.readableBytes { return end(rest: bytes.readableBytes) }
        case .chunked(let reader):
            return try takeChunks(&bytes, reader)
        case .untilClose:
            sink?.answerContent(bytes)
            bytes.moveReaderIndex(to: bytes.writerIndex)
        }
        return true
    }

    private func takeHead(
        _ bytes: inout ByteBuffer, _ saved: ByteBuffer?
    ) throws(AnswerFault) {
        if var whole = saved {
            whole.writeBuffer(&bytes)
            bytes = whole
        }
        guard AnswerHead.couldBegin(bytes.readableBytesUInt8Span) else {
            throw .malformed("no HTTP/1 status line")
        }
        guard let length = AnswerHead.length(bytes.readableBytesUInt8Span) else {
            guard bytes.readableBytes <= Self.headBytesMax else { throw .tooLarge }
            phase = .head(bytes)
            bytes.moveReaderIndex(to: bytes.writerIndex)
            return
        }
        guard length <= Self.headBytesMax else { throw .tooLarge }
        let head = try AnswerHead(
            bytes.readableBytesUInt8Span, length: length, isToHEAD: isToHEAD, fields: &fields)
        guard head.status != 101 else { throw .malformed("a change of protocol") }
        guard let headBytes = bytes.readSlice(length: length) else { return }
        // 100 and 103 are for us alone.
        guard head.status >= 200 else {
            phase = .head(nil)
            return
        }
        isReusable = head.isKeptAlive
        switch head.framing {
        case .none, .length: break
        case .chunked: phase = .chunked(ChunkReader())
        case .untilClose: phase = .untilClose
        }
        if case .length(let length) = head.framing { phase = .length(length) }
        sink?.answerHead(head, headBytes, fields)
        if head.framing == .none { _ = end(rest: bytes.readableBytes) }
    }

    private func takeChunks(
        _ bytes: inout ByteBuffer, _ known: ChunkReader
    ) throws(AnswerFault) -> Bool {
        var reader = known
        var index = 0
        while true {
            let step = try reader.next(bytes.readableBytesUInt8Span, from: &index)
            phase = .chunked(reader)
            switch step {
            case .content(let range):
                let start = bytes.readerIndex + range.lowerBound
                if let piece = bytes.getSlice(at: start, length: range.count) {
                    sink?.answerContent(piece)
                }
                // The caller may have gone away over it.
                if case .closed = phase { return false }
            case .end(let used):
                bytes.moveReaderIndex(forwardBy: used)
                return end(rest: bytes.readableBytes)
            case .more:
                bytes.moveReaderIndex(to: bytes.writerIndex)
                return false
            }
        }
    }

    // MARK: Ends

    /// One answer is whole. False, always: what follows belongs to nobody.
    @discardableResult
    private func end(rest: Int = 0) -> Bool {
        let sink = sink
        self.sink = nil
        // An answer that came before its request was sent, or with something behind it, leaves the
        // connection in doubt.
        if isReusable, isRequestSent, rest == 0, context?.channel.isActive == true, sink != nil {
            phase = .idle
            pool.release(self)
        } else {
            shut()
        }
        sink?.answerEnded()
        return false
    }

    func fail(_ fault: UpstreamFault) {
        let sink = sink
        self.sink = nil
        ready(fault)
        shut()
        sink?.answerFailed(fault, isUntouched: isUntouched)
    }

    private func shut() {
        phase = .closed
        pool.remove(self)
        context?.close(promise: nil)
    }
}
