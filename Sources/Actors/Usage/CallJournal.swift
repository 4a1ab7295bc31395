package import Persistence
import Synchronization

/// The door through which event loops write calls into the log: they can neither suspend nor wait
/// for an actor's turn.
///
/// A record is appended to the log and put aside for `UsageActor` under one lock, so the actor
/// applies all records of its shard in the order in which the log has them.
package final class CallJournal: Sendable {
    private struct State {
        var fresh: [(record: UsageRecord, row: UInt64)] = []
        var isCalled = false
        /// Outcomes that the log had no room for, oldest first.
        var unwritten: [UsageRecord] = []
    }

    private let log: any EventLog
    private let state = Mutex(State())
    private let lost = Atomic<UInt64>(0)
    private let onFresh: Mutex<@Sendable () -> Void> = Mutex({})

    /// The actor is called when so many records wait for it; fewer wait for its next turn.
    private static let freshMax = 256
    /// A disk that stays full for so many outcomes loses the next ones; they are counted.
    private static let unwrittenMax = 100_000

    package init(log: any EventLog) { self.log = log }

    /// - Parameter body: asked to let the actor take a turn; called on any thread.
    package func whenFresh(_ body: @escaping @Sendable () -> Void) {
        onFresh.withLock { $0 = body }
    }

    /// Events that could not be written at all. Exposed, so that zero is a promise and no hope.
    package var eventsLost: UInt64 { lost.load(ordering: .relaxed) }

    package var hasRoom: Bool { log.hasRoom }

    // MARK: Event loops

    /// Appends one record; it counts with the actor's next turn.
    package func append(_ record: UsageRecord) throws(AppendError) -> LogPosition {
        var batch = RecordBatch(capacity: 320)
        batch.add(record)
        var calls = false
        let result = state.withLock { state -> Result<LogPosition, AppendError> in
            do throws(AppendError) {
                let position = try log.append(batch, to: UsageActor.shard, expecting: nil)
                state.fresh.append((record, position.record))
                if state.fresh.count >= Self.freshMax, !state.isCalled {
                    state.isCalled = true
                    calls = true
                }
                return .success(position)
            } catch {
                return .failure(error)
            }
        }
        if calls { onFresh.withLock { $0 }() }
        return try result.get()
    }

    /// Keeps an outcome that the log has refused, to be written when there is room again.
    package func postpone(_ record: UsageRecord) {
        let isKept = state.withLock { state in
            guard state.unwritten.count < Self.unwrittenMax else { return false }
            state.unwritten.append(record)
            return true
        }
        if !isKept { lost.add(1, ordering: .relaxed) }
    }

    /// Tries again to write what was postponed.
    package func retryPostponed() {
        let postponed = state.withLock { state in
            defer { state.unwritten = [] }
            return state.unwritten
        }
        for (index, record) in postponed.enumerated() {
            do throws(AppendError) {
                _ = try append(record)
            } catch {
                state.withLock { $0.unwritten.insert(contentsOf: postponed[index...], at: 0) }
                return
            }
        }
    }

    /// The server stops: what could not be written until now is lost.
    package func giveUp() {
        retryPostponed()
        let count = state.withLock { $0.unwritten.count }
        lost.add(UInt64(count), ordering: .relaxed)
    }

    package func isDurable(_ position: LogPosition) -> Bool { log.isDurable(position) }

    package func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void) {
        log.whenDurable(position, body)
    }

    // MARK: The actor

    /// Hands out what was appended since the last time, in the log's order.
    func take(_ apply: (UsageRecord, UInt64) -> Void) {
        let fresh = state.withLock { Self.takeFresh(&$0) }
        for (record, row) in fresh { apply(record, row) }
    }

    /// Appends a batch of the actor's own, and hands out what was appended before it.
    func append(
        _ batch: RecordBatch, _ apply: (UsageRecord, UInt64) -> Void
    ) throws(AppendError) -> LogPosition {
        let (fresh, result) = state.withLock { state in
            let fresh = Self.takeFresh(&state)
            do throws(AppendError) {
                return (
                    fresh,
                    Result<LogPosition, AppendError>.success(
                        try log.append(batch, to: UsageActor.shard, expecting: nil))
                )
            } catch {
                return (fresh, .failure(error))
            }
        }
        for (record, row) in fresh { apply(record, row) }
        return try result.get()
    }

    private static func takeFresh(_ state: inout State) -> [(record: UsageRecord, row: UInt64)] {
        defer {
            state.fresh = []
            state.isCalled = false
        }
        return state.fresh
    }
}
