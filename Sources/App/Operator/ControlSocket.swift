import Foundation
import NIOCore
import NIOPosix

/// The unix socket in the data directory over which the commands talk to the server: one line of
/// JSON each way.
enum ControlSocket {
    static let name = "control.sock"
    /// The longest command names a token's 64 scopes.
    static let lineBytesMax = 64 << 10
    /// A list of a hundred thousand accounts.
    static let replyBytesMax = 64 << 20
    /// So long a caller may take to say what it wants.
    static let seconds = 30

    /// Calls `body` with a path of the socket that fits into `sockaddr_un`, whose 108 bytes a data
    /// directory may well exceed: the directory is opened and named by its descriptor.
    static func withPath<Value>(
        in directory: String, _ body: (String) async throws -> Value
    ) async throws -> Value {
        // Safe: the string lives for the call.
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw IOError(errnoCode: errno, reason: "open \(directory)")
        }
        defer { close(descriptor) }
        return try await body("/proc/self/fd/\(descriptor)/\(name)")
    }
}

/// Reads one line of a connection.
struct LineReader {
    typealias Iterator = NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    /// - Returns: nil when the line is too long or the connection ended before it did.
    static func read(
        _ inbound: inout Iterator, bytesMax: Int = ControlSocket.lineBytesMax
    ) async throws -> [UInt8]? {
        var line: [UInt8] = []
        while let buffer = try await inbound.next(isolation: #isolation) {
            let known = line.count
            line += buffer.readableBytesView
            if let end = line[known...].firstIndex(of: UInt8(ascii: "\n")) {
                return Array(line[..<end])
            }
            if line.count > bytesMax { return nil }
        }
        return nil
    }
}
