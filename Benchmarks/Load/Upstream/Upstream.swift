import NIOCore
import NIOPosix

/// A provider for the gateway's sake: answers a GET with a few bytes of JSON and a POST with
/// server-sent events, for as long as it is asked. It has an event loop of its own.
struct Upstream {
    let port: Int
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    struct Stream: Sendable {
        /// Events before the closing `[DONE]`.
        var events: Int
        var gap: TimeAmount
    }

    /// The kernel's queue of connections that wait to be accepted.
    private static let backlog: Int32 = 1024

    static func start(port: Int, stream: Stream) async throws -> Upstream {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(UpstreamHandler(stream))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return Upstream(port: channel.localAddress?.port ?? port, channel: channel, group: group)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() async throws {
        try await channel.close().get()
        try await group.shutdownGracefully()
    }

    /// In the answer to every GET: what the gateway scenario looks for.
    static let marker = "countersign-load"
}

/// Reads requests one after the other and answers each.
private final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let stream: Upstream.Stream
    private var reader = RequestReader()

    init(_ stream: Upstream.Stream) { self.stream = stream }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        while let request = reader.next(&bytes) {
            switch request {
            case .get: context.writeAndFlush(wrapOutboundOut(Self.answer), promise: nil)
            case .post: begin(context)
            case .broken:
                context.close(promise: nil)
                return
            }
        }
    }

    private static let answer: ByteBuffer = {
        let body =
            "{\"object\":\"list\",\"data\":[{\"id\":\"\(Upstream.marker)\","
            + "\"object\":\"model\",\"created\":1,\"owned_by\":\"load\"}]}"
        return ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
    }()

    // MARK: Streams

    private static let head = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n")
    private static let event = chunk(
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
            + "\"delta\":{\"content\":\"word \"}}]}\n\n")
    private static let end = ByteBuffer(
        string: String(buffer: chunk("data: [DONE]\n\n")) + "0\r\n\r\n")

    private static func chunk(_ text: String) -> ByteBuffer {
        ByteBuffer(string: String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n")
    }

    private func begin(_ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(Self.head), promise: nil)
        proceed(context, left: stream.events)
    }

    private func proceed(_ context: ChannelHandlerContext, left: Int) {
        guard context.channel.isActive else { return }
        guard left > 0 else {
            context.writeAndFlush(wrapOutboundOut(Self.end), promise: nil)
            return
        }
        context.writeAndFlush(wrapOutboundOut(Self.event), promise: nil)
        if stream.gap.nanoseconds == 0 { return proceed(context, left: left - 1) }
        let both = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: stream.gap) {
            let (handler, context) = both.value
            handler.proceed(context, left: left - 1)
        }
    }
}
