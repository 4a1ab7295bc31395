import Foundation
import LoadCore
import NIOCore
import NIOPosix

/// Makes single calls with JSON before a run: a connection for each, so it needs no state.
struct SetupClient: Sendable {
    let text: RequestText
    let address: SocketAddress
    /// Calls come from these in turn, since registrations are limited by source.
    let sources: [SocketAddress]

    struct Answer {
        let status: Int
        let body: [UInt8]
        let retryAfterSeconds: Int?
        /// The value of the session's cookie, which is also a bearer.
        let session: String?
    }

    private static let timeout = TimeAmount.seconds(60)

    func call(_ path: String, bearer: String? = nil, _ body: String, source: Int = 0)
        async throws -> Answer
    {
        var headers = [("Connection", "close"), ("Content-Type", RequestText.json)]
        if let bearer { headers.append(("Authorization", "Bearer \(bearer)")) }
        let request = text.make("POST", path, headers: headers, body: body)
        let group = MultiThreadedEventLoopGroup.singleton
        let promise = group.next().makePromise(of: ByteBuffer.self)
        var bootstrap = ClientBootstrap(group: group).connectTimeout(Self.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WholeAnswer(promise))
                }
            }
        if !sources.isEmpty { bootstrap = bootstrap.bind(to: sources[source % sources.count]) }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(to: address).get()
        } catch {
            promise.fail(error)
            throw LoadError.unreachable(address)
        }
        let deadline = channel.eventLoop.scheduleTask(in: Self.timeout) {
            channel.close(promise: nil)
        }
        channel.writeAndFlush(request, promise: nil)
        let bytes = try await promise.futureResult.get()
        deadline.cancel()
        return try Self.read(bytes, of: path)
    }

    private static func read(_ bytes: ByteBuffer, of path: String) throws -> Answer {
        var parser = ResponseParser()
        let interest = BodyInterest(keepsBody: true)
        let isComplete: Bool
        do throws(ResponseFault) {
            isComplete =
                try parser.read(bytes.readableBytesUInt8Span, from: 0, interest).isComplete
                || parser.readClose(interest)
        } catch {
            throw LoadError.setup("\(path) answered what is not HTTP/1.1")
        }
        guard isComplete else { throw LoadError.setup("\(path) did not answer") }
        let cookie = String(buffer: bytes).firstMatch(
            of: /(?i)\r\nset-cookie: __Host-countersign=(?<value>[^;\r]+)/)
        return Answer(
            status: parser.status, body: parser.keptBody,
            retryAfterSeconds: parser.retryAfterSeconds, session: cookie.map { String($0.value) })
    }
}

/// Gathers everything up to the connection's end.
private final class WholeAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<ByteBuffer>
    private var gathered = ByteBuffer()

    init(_ promise: EventLoopPromise<ByteBuffer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        gathered.writeBuffer(&bytes)
    }

    func channelInactive(context: ChannelHandlerContext) { promise.succeed(gathered) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
