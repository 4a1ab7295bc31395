import NATS
package import Persistence
import Synchronization

/// Answers what other servers of the cluster ask this one.
///
/// A question that is not sealed for this very start of this server has no answer at all. Beyond a
/// number at a time the answer is that it is too much, so that nothing queues up behind what
/// stands still.
package final class PeerListener: Sendable {
    private let bus: any PeerBus
    private let seal: PeerSeal
    private let subject: String
    private let clock: @Sendable () -> UInt64
    private let answer: @Sendable ([UInt8]) async -> [UInt8]
    private let underWay = Atomic<Int>(0)
    private let refused = Atomic<UInt64>(0)
    private let subscription = Mutex<UInt64?>(nil)

    /// As many as four other servers may have under way with this one alone.
    package static let callsMax = 4 * PeerCaller.callsMax

    /// - Parameter answer: what the answer to a question is, at most
    ///   `PeerCaller.messageBytesMax` long.
    package init(
        _ bus: any PeerBus, seal: PeerSeal, cluster: DirectoryID,
        clock: @escaping @Sendable () -> UInt64 = PeerClock.now,
        answer: @escaping @Sendable ([UInt8]) async -> [UInt8]
    ) {
        self.bus = bus
        self.seal = seal
        self.clock = clock
        self.answer = answer
        subject = PeerSubjects(cluster).calls(to: seal.me)
    }

    package func start() {
        let id = bus.subscribe(to: subject, queue: nil) { [weak self] message in
            self?.received(message)
        }
        subscription.withLock { $0 = id }
    }

    package func stop() {
        let id = subscription.withLock { id in
            defer { id = nil }
            return id
        }
        if let id { bus.unsubscribe(id) }
    }

    /// Questions without an answer, because nobody of this cluster asked them or not now.
    package var refusedCount: UInt64 { refused.load(ordering: .relaxed) }

    private func received(_ message: Message) {
        guard let reply = message.reply else { return }
        let isTooMuch = underWay.add(1, ordering: .relaxed).newValue > Self.callsMax
        Task {
            defer { underWay.subtract(1, ordering: .relaxed) }
            let opened: (message: [UInt8], question: PeerSeal.Question)
            do throws(PeerSealError) {
                opened = try seal.open(message.payload, at: subject, now: clock())
            } catch {
                refused.add(1, ordering: .relaxed)
                return
            }
            let kind: PeerAnswerKind = isTooMuch ? .overloaded : .answer
            let body = isTooMuch ? [] : await answer(opened.message)
            let bytes = seal.seal(
                [kind.rawValue] + body, answering: opened.question, at: clock())
            // Who asked has stopped to wait when this fails, or will.
            try? bus.publish(Publication(reply, payload: bytes))
        }
    }
}
