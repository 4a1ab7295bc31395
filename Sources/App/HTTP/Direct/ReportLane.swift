import Actors
import NIOCore
import Persistence

/// One event loop's way to the actor of usage events: the reports of all requests that arrived in
/// one turn of the loop are judged and appended in one turn of the actor, and one commit wakes all
/// of them. Confined to its event loop.
final class ReportLane {
    private struct Submission {
        let reports: [UsageReport]
        /// Nil when the log has refused; the request has to be asked again, the long way.
        let done: (IngestResult?) -> Void
    }

    private let eventLoop: any EventLoop
    private let usage: UsageActor
    private let gate: DurableGate
    private let clock: any WallClock
    private var waiting: [Submission] = []

    init(
        _ eventLoop: any EventLoop, usage: UsageActor, journal: CallJournal, clock: any WallClock
    ) {
        self.eventLoop = eventLoop
        self.usage = usage
        self.clock = clock
        gate = DurableGate(eventLoop, journal: journal)
    }

    /// Calls `done` when the reports are on the disk, or can't be.
    func submit(_ reports: [UsageReport], done: @escaping (IngestResult?) -> Void) {
        waiting.append(Submission(reports: reports, done: done))
        guard waiting.count == 1 else { return }
        eventLoop.assumeIsolated().execute { [self] in send() }
    }

    private func send() {
        let batch = waiting
        waiting = []
        let reports = batch.count == 1 ? batch[0].reports : batch.flatMap(\.reports)
        let now = clock.now()
        let bound = NIOLoopBound((lane: self, batch: batch), eventLoop: eventLoop)
        let (eventLoop, usage) = (eventLoop, usage)
        Task {
            let accepted = try? await usage.accept(reports, at: now)
            eventLoop.execute { bound.value.lane.took(accepted, bound.value.batch) }
        }
    }

    private func took(
        _ accepted: (result: IngestResult, position: LogPosition)?, _ batch: [Submission]
    ) {
        guard let (result, position) = accepted else {
            for submission in batch { submission.done(nil) }
            return
        }
        gate.whenDurable(position) {
            var rest = result.outcomes[...]
            for submission in batch {
                let count = submission.reports.count
                submission.done(
                    IngestResult(
                        outcomes: Array(rest.prefix(count)),
                        dedupWindowSeconds: result.dedupWindowSeconds))
                rest = rest.dropFirst(count)
            }
        }
    }
}
