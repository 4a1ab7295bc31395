import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Listens on the control socket. Only the user that runs the server can open it: the directory is
/// 0700 and the socket 0600.
struct ControlServer: Service {
    let directory: String
    let logger: Logger
    let perform: @Sendable (OperatorCommand) async -> OperatorReply

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// An operator types; a script may run a few at a time.
    private static let connectionsMax = 16

    func run() async throws {
        let server = try await ControlSocket.withPath(in: directory) { path in
            // What a crashed server left behind: the lock that we hold says that nobody listens
            // there.
            let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Connection(wrappingChannelSynchronously: channel)
                    }
                }
            // Safe: the string lives for the call.
            guard unsafe chmod(path, 0o600) == 0 else {
                throw IOError(errnoCode: errno, reason: "chmod \(ControlSocket.name)")
            }
            return server
        }
        defer { _ = unsafe unlink("\(directory)/\(ControlSocket.name)") }
        do {
            try await cancelWhenGracefulShutdown {
                try await server.executeThenClose { connections in
                    try await accept(connections)
                }
            }
        } catch is CancellationError {
            // The stop itself.
        }
    }

    private func accept(
        _ connections: NIOAsyncChannelInboundStream<Connection>
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            let slots = AsyncSlots(count: Self.connectionsMax)
            for try await connection in connections {
                await slots.take()
                group.addTask {
                    await serve(connection)
                    await slots.give()
                }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        let deadline = connection.channel.eventLoop.scheduleTask(
            in: .seconds(Int64(ControlSocket.seconds))
        ) { connection.channel.close(promise: nil) }
        defer { deadline.cancel() }
        do {
            try await connection.executeThenClose { inbound, outbound in
                var iterator = inbound.makeAsyncIterator()
                let command = try await LineReader.read(&iterator)
                // What is asked for may take long: a snapshot, keys for a million accounts.
                deadline.cancel()
                let reply = await reply(to: command)
                var line = try ByteBuffer(bytes: JSONEncoder().encode(reply))
                line.writeString("\n")
                try await outbound.write(line)
                // Closing throws away what the socket has not taken yet, so the other side closes
                // first, once it has read the line; it has as long for it as for asking.
                let patience = connection.channel.eventLoop.scheduleTask(
                    in: .seconds(Int64(ControlSocket.seconds))
                ) { connection.channel.close(promise: nil) }
                defer { patience.cancel() }
                while try await iterator.next(isolation: #isolation) != nil {}
            }
        } catch {
            // The other side went away; what it asked for is done or was never understood.
            logger.debug("control connection ended", metadata: ["reason": "\(error)"])
        }
    }

    private func reply(to line: [UInt8]?) async -> OperatorReply {
        guard let line,
            let command = try? JSONDecoder().decode(OperatorCommand.self, from: Data(line))
        else {
            return .refused(
                APIError(
                    .invalidRequest, message: "The server does not understand this command.",
                    suggestedFix: "Use the program of the same version as the running server."))
        }
        return await perform(command)
    }
}

/// Lets a number of tasks in at a time.
actor AsyncSlots {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
