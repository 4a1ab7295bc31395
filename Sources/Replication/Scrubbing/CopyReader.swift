import NATS
import NIOCore
import Synchronization

/// Reads a stream from whichever server a new consumer happens to live on: the engine chooses, and
/// says which one only afterwards.
final class CopyReader: Sendable {
    enum Outcome: Equatable, Sendable {
        case read(server: String, CopyCheck.Verdict, messages: Int)
        /// A server that was not to be read again.
        case unwanted
        /// The consumer moved, or nothing came for too long.
        case interrupted
    }

    private let jetStream: JetStream
    private let stream: String
    private let check: Mutex<CopyCheck>
    /// The server says that its copy has no more.
    private let isAtEnd = Atomic<Bool>(false)

    private static let tick = Duration.milliseconds(50)
    /// Elections take up to nine seconds; whoever is silent for longer is asked another time.
    private static let silenceMillisecondsMax: UInt64 = 15_000
    /// A copy may be behind the others for a moment; what has not come by then is not in it.
    private static let endMilliseconds: UInt64 = 3000

    init(_ jetStream: JetStream, stream: String, _ check: CopyCheck) {
        self.jetStream = jetStream
        self.stream = stream
        self.check = Mutex(check)
    }

    /// - Parameters:
    ///   - sequence: of the message before the first that is to be read.
    ///   - unwanted: servers whose copies have been read.
    func read(after sequence: UInt64, unwanted: Set<String>) async -> Outcome {
        let reader = StreamReader(jetStream, stream: stream, after: sequence) { event in
            switch event {
            case .message(let message):
                self.check.withLock { $0.received(message.payload, at: message.sequence) }
            case .caughtUp: self.isAtEnd.store(true, ordering: .releasing)
            }
        }
        await onLoop { reader.start() }
        let outcome = await follow(reader, unwanted: unwanted)
        await onLoop { reader.stop() }
        return outcome
    }

    private func follow(_ reader: StreamReader, unwanted: Set<String>) async -> Outcome {
        var server: String?
        var (messages, heardAt) = (0, Milliseconds.now)
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.tick)
            await onLoop { reader.tick() }
            let peer = reader.peer
            if let server, peer != server { return .interrupted }
            server = peer
            if let peer, unwanted.contains(peer) { return .unwanted }
            let check = check.withLock { $0 }
            if check.messages != messages {
                (messages, heardAt) = (check.messages, Milliseconds.now)
            }
            if let verdict = check.verdict, let server {
                return .read(server: server, verdict, messages: check.messages)
            }
            let silence = Milliseconds.now &- heardAt
            if silence > Self.endMilliseconds, isAtEnd.load(ordering: .acquiring) {
                self.check.withLock { $0.ended() }
            }
            if silence > Self.silenceMillisecondsMax { return .interrupted }
        }
        return .interrupted
    }

    /// Readers are used on the client's event loop only.
    private func onLoop(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            jetStream.client.eventLoop.execute {
                body()
                continuation.resume()
            }
        }
    }
}
