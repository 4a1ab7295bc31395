package import Persistence
import Synchronization

/// The second implementation of `EventLog`: everything in memory, durability at will.
package final class MemoryLog: EventLog {
    private struct State {
        var sections: [LoggedSection] = []
        var last: [UInt64]
        var durable: [UInt64]
        var isHeld = false
        var isFull = false
        var waiters: [(position: LogPosition, resume: @Sendable () -> Void)] = []
    }

    package let shardCount: Int
    package let appendBytesMax = 1 << 20
    private let state: Mutex<State>

    package init(shardCount: Int = 16) {
        self.shardCount = shardCount
        let zeros = [UInt64](repeating: 0, count: shardCount)
        state = Mutex(State(last: zeros, durable: zeros))
    }

    // MARK: Switches of the tests

    /// From now on nothing becomes durable.
    package func holdDurability() { state.withLock { $0.isHeld = true } }

    package func releaseDurability() {
        let ready = state.withLock { state in
            state.isHeld = false
            state.durable = state.last
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in ready { waiter.resume() }
    }

    /// How many callers wait for what is held back.
    package var waiterCount: Int { state.withLock { $0.waiters.count } }

    package var isFull: Bool {
        get { state.withLock { $0.isFull } }
        set { state.withLock { $0.isFull = newValue } }
    }

    // MARK: EventLog

    package func append(
        _ batch: RecordBatch, to shard: ShardID, expecting: UInt64?
    ) throws(AppendError) -> LogPosition {
        let result: Result<LogPosition, AppendError> = state.withLock { state in
            let index = Int(shard.rawValue)
            if state.isFull { return .failure(.full) }
            if let expecting, expecting != state.last[index] { return .failure(.fenced) }
            let first = state.last[index] + 1
            state.last[index] += UInt64(batch.count)
            if !state.isHeld { state.durable[index] = state.last[index] }
            state.sections.append(
                LoggedSection(
                    shard: shard, firstRecord: first, recordCount: batch.count,
                    writtenAtMilliseconds: 0, reader: ByteReader(batch.bytes)))
            return .success(LogPosition(shard: shard, record: state.last[index]))
        }
        return try result.get()
    }

    package func isDurable(_ position: LogPosition) -> Bool {
        state.withLock { $0.durable[Int(position.shard.rawValue)] >= position.record }
    }

    package func durable(through position: LogPosition) async {
        await withCheckedContinuation { continuation in
            whenDurable(position) { continuation.resume() }
        }
    }

    package func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            if state.durable[Int(position.shard.rawValue)] >= position.record { return true }
            state.waiters.append((position, body))
            return false
        }
        if isDone { body() }
    }

    package func read(
        from records: [ShardID: UInt64], _ body: (LoggedSection) throws -> Void
    ) throws {
        let sections = state.withLock { state in
            state.sections.filter { section in
                let last = section.firstRecord + UInt64(section.recordCount) - 1
                return last <= state.durable[Int(section.shard.rawValue)]
                    && last > records[section.shard, default: 0]
            }
        }
        for section in sections { try body(section) }
    }

    package func snapshotBase() -> SnapshotBase {
        state.withLock { state in
            SnapshotBase(
                frame: 0,
                records: Dictionary(
                    uniqueKeysWithValues: state.durable.enumerated().map {
                        (ShardID(UInt16($0.offset)), $0.element)
                    }))
        }
    }

    package func putSnapshot(_ parts: [SnapshotPart], base: SnapshotBase) throws(StorageError) {}
    package func latestSnapshot() -> SnapshotFile? { nil }
    package var bytesSinceSnapshot: UInt64 { 0 }
    package var snapshotBytes: UInt64 { 0 }
    package var hasRoom: Bool { !isFull }
    package func close() async {}
}
