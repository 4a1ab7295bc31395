import Foundation
import NIOCore
import NIOPosix

/// Asks a running server.
enum ControlClient {
    /// - Returns: nil when no server listens: there is no socket, or one that a crash has left.
    /// - Throws: what went wrong in talking to one.
    static func ask(
        _ command: OperatorCommand, in directory: String
    ) async throws -> OperatorReply? {
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
        do {
            channel = try await ControlSocket.withPath(in: directory) { path in
                try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(unixDomainSocketPath: path) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                        }
                    }
            }
        } catch let error as IOError where [ENOENT, ECONNREFUSED].contains(error.errnoCode) {
            return nil
        }
        return try await channel.executeThenClose { inbound, outbound in
            var line = try ByteBuffer(bytes: JSONEncoder().encode(command))
            line.writeString("\n")
            try await outbound.write(line)
            var iterator = inbound.makeAsyncIterator()
            let answer = try await LineReader.read(
                &iterator, bytesMax: ControlSocket.replyBytesMax)
            guard let answer else { throw NoAnswer() }
            return try JSONDecoder().decode(OperatorReply.self, from: Data(answer))
        }
    }

    /// A server took the command and closed the connection.
    struct NoAnswer: Error, CustomStringConvertible {
        var description: String {
            "The running server did not answer. It may be stopping; try again."
        }
    }
}
