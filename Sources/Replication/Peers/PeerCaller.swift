import FoundationEssentials
import NATS
package import Persistence
import Synchronization

/// Why a question has no answer.
package enum PeerCallError: Error, Equatable, Sendable {
    /// Nobody has heard the question: it can be asked again, there or elsewhere.
    case unreachable
    /// Too much is under way, here or there, and the question was not looked at.
    case overloaded
    /// Whether it was heard is not known.
    case silence
    /// What came back was not sealed by the one who was asked.
    case notAuthentic(PeerSealError)
    case tooLarge(bytes: Int)
}

/// The first byte of an answer.
enum PeerAnswerKind: UInt8 {
    case answer = 1
    case overloaded = 2
}

/// Asks other servers of the cluster.
package final class PeerCaller: Sendable {
    private let bus: any PeerBus
    private let seal: PeerSeal
    private let subjects: PeerSubjects
    private let clock: @Sendable () -> UInt64
    private let underWay = Atomic<Int>(0)

    /// Most questions are answered within two milliseconds; this many at once means that something
    /// stands still. It leaves three quarters of the client's requests to the streams.
    package static let callsMax = 1024
    /// What every engine that the log accepts takes as one message, with room for the seal.
    package static let messageBytesMax = 500 << 10

    /// - Parameter clock: Unix milliseconds.
    package init(
        _ bus: any PeerBus, seal: PeerSeal, cluster: DirectoryID,
        clock: @escaping @Sendable () -> UInt64 = PeerClock.now
    ) {
        self.bus = bus
        self.seal = seal
        subjects = PeerSubjects(cluster)
        self.clock = clock
    }

    package func ask(
        _ server: OwnerID, _ message: [UInt8], withinMilliseconds limit: UInt64
    ) async throws(PeerCallError) -> [UInt8] {
        guard message.count <= Self.messageBytesMax else {
            throw .tooLarge(bytes: message.count)
        }
        guard underWay.add(1, ordering: .relaxed).newValue <= Self.callsMax else {
            underWay.subtract(1, ordering: .relaxed)
            throw .overloaded
        }
        defer { underWay.subtract(1, ordering: .relaxed) }
        let subject = subjects.calls(to: server)
        let (bytes, question) = seal.seal(message, to: subject, at: clock())
        let answer: Message
        do throws(NATSError) {
            answer = try await bus.request(
                Publication(subject, payload: bytes), timeoutMilliseconds: limit)
        } catch {
            throw Self.meaning(of: error)
        }
        let opened: [UInt8]
        do throws(PeerSealError) {
            opened = try seal.open(
                answer.payload, from: server, answering: question, now: clock())
        } catch {
            throw .notAuthentic(error)
        }
        switch opened.first.flatMap({ PeerAnswerKind(rawValue: $0) }) {
        case .answer: return Array(opened.dropFirst())
        case .overloaded: throw .overloaded
        case nil: throw .notAuthentic(.malformed)
        }
    }

    private static func meaning(of error: NATSError) -> PeerCallError {
        switch error {
        case .timeout, .connectionLost, .closed, .refusedByServer: .silence
        case .overloaded: .overloaded
        case .messageTooLarge(let bytes, _): .tooLarge(bytes: bytes)
        case .notConnected, .noResponders, .protocolViolation, .credentials, .serverTooOld,
            .tlsNotOffered, .tlsRequired:
            .unreachable
        }
    }
}

package enum PeerClock {
    /// Unix milliseconds.
    package static let now: @Sendable () -> UInt64 = {
        UInt64(max(0, Date.now.timeIntervalSince1970 * 1000))
    }
}
