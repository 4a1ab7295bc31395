import NIOCore

/// Stands before the HTTP parser: shows the connection every byte that arrives, and keeps from the
/// parser what comes after the connection's last answer.
final class ByteGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.accepts(unwrapInboundIn(data)) else { return }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // What is thrown away makes nobody behind the parser ask for more.
        if connection.discardsInput { context.read() }
    }
}
