import Actors
import NIOCore
import Persistence

/// One event loop's queue of what has to wait for the disk. The log wakes it once for each commit,
/// however many wait. Confined to its event loop.
final class DurableGate {
    private let eventLoop: any EventLoop
    private let journal: CallJournal
    private var waiting: [(position: LogPosition, body: () -> Void)] = []
    private var isArmed = false

    init(_ eventLoop: any EventLoop, journal: CallJournal) {
        self.eventLoop = eventLoop
        self.journal = journal
    }

    /// Calls `body` when the position is on the disk, at once where it is already.
    func whenDurable(_ position: LogPosition, _ body: @escaping () -> Void) {
        if journal.isDurable(position) { return body() }
        waiting.append((position, body))
        arm()
    }

    /// Positions come in order, so the first that waits is the next to become durable.
    private func arm() {
        guard !isArmed, let first = waiting.first else { return }
        isArmed = true
        let gate = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        journal.whenDurable(first.position) { eventLoop.execute { gate.value.drain() } }
    }

    private func drain() {
        isArmed = false
        let count = waiting.prefix { journal.isDurable($0.position) }.count
        let ready = waiting.prefix(count)
        waiting.removeFirst(count)
        arm()
        for entry in ready { entry.body() }
    }
}
