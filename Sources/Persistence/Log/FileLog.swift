import Synchronization

/// The embedded log: all shards in one file, one fsync for whatever arrived during the last one.
///
/// A thread of its own writes; another prepares segments. An append only joins the queue under a
/// lock. A disk that fails a write or a sync ends the process: the kernel may have dropped the
/// pages, so nothing that is tried afterwards can be believed.
package final class FileLog: EventLog {
    package let shardCount: Int
    package let appendBytesMax: Int
    /// What recovery met.
    package let notices: [StorageNotice]

    package let meter: LogMeter

    let directory: DataDirectory
    let state: Monitor<LogState, LogTopic>
    private let durableMarks: [DurableMark]
    /// Of the writer and the maker of spares; a simulation has none.
    private let threads: [WorkerThread]

    /// - Parameters:
    ///   - sealMilliseconds: how long after the last frame its witness is written.
    ///   - onFatal: called with what the disk said; must not return in a server.
    /// - Throws: what recovery found wrong; nothing has been changed then.
    package static func open(
        _ directory: DataDirectory, segmentBytes: Int, sealMilliseconds: Int = 50,
        onFatal: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) -> FileLog {
        precondition(segmentBytes >= segmentBytesMin)
        var recovery = try LogRecovery(directory)
        try recovery.repair(segmentBytes: segmentBytes)
        let parts = try Parts(
            recovery, segmentBytes: segmentBytes, sealMilliseconds: sealMilliseconds)
        let (writer, keeper) = (parts.writer, parts.keeper)
        let threads = [
            try WorkerThread(name: "log-writer") { writer.run(onFatal: onFatal) },
            try WorkerThread(name: "log-segments") {
                var keeper = keeper
                keeper.run()
            },
        ]
        return FileLog(recovery, parts, threads: threads)
    }

    /// Room for a header and a few large appends.
    package static let segmentBytesMin = 64 << 10

    /// What a log is made of, before anybody runs it.
    struct Parts {
        let state: Monitor<LogState, LogTopic>
        let durableMarks: [DurableMark]
        let appendBytesMax: Int
        let meter = LogMeter()
        let writer: LogWriter
        let keeper: SpareKeeper

        init(
            _ recovery: LogRecovery, segmentBytes: Int, sealMilliseconds: Int
        ) throws(StorageError) {
            let directory = recovery.directory
            let records = recovery.tail.streams.map(\.record)
            let queue = AppendQueue(
                lastRecords: records, segmentBytes: segmentBytes, offset: recovery.ending.offset,
                activeBytes: recovery.ending.fileBytes)
            appendBytesMax = queue.appendBytesMax
            durableMarks = records.map { DurableMark($0) }
            state = Monitor(
                LogState(
                    queue: queue, tail: recovery.tail, segments: recovery.segments,
                    snapshots: recovery.snapshots,
                    bytesSinceSnapshot: recovery.bytesSinceSnapshot))
            let maker = SegmentMaker(directory: directory, segmentBytes: segmentBytes)
            let active = recovery.segments[recovery.segments.count - 1]
            let file = try directory.fileSystem.open(
                directory.file(FileName.segment(firstFrame: active).text), .writing)
            writer = LogWriter(
                state: state, maker: maker, marks: durableMarks, tail: recovery.tail,
                lastKind: recovery.lastKind, file: file, offset: UInt64(recovery.ending.offset),
                sealMilliseconds: sealMilliseconds, meter: meter)
            keeper = SpareKeeper(maker, state)
        }
    }

    init(_ recovery: LogRecovery, _ parts: Parts, threads: [WorkerThread]) {
        directory = recovery.directory
        shardCount = recovery.tail.streams.count
        notices = recovery.notices
        appendBytesMax = parts.appendBytesMax
        durableMarks = parts.durableMarks
        state = parts.state
        self.threads = threads
        meter = parts.meter
    }

    // MARK: Appending

    package func append(
        _ batch: RecordBatch, to shard: ShardID, expecting: UInt64?
    ) throws(AppendError) -> LogPosition {
        let record = try state.withLock { state throws(AppendError) in
            try state.queue.append(batch, to: Int(shard.rawValue), expecting: expecting)
        }
        state.wake(.work)
        return LogPosition(shard: shard, record: record)
    }

    package func isDurable(_ position: LogPosition) -> Bool {
        durableMarks[Int(position.shard.rawValue)].value >= position.record
    }

    package func durable(through position: LogPosition) async {
        if isDurable(position) { return }
        await Waiter.wait { waiter in enqueue(waiter, position) }
    }

    package func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void) {
        if isDurable(position) || !enqueue(.calling(body), position) { body() }
    }

    /// False when there is nothing to wait for.
    private func enqueue(_ waiter: Waiter, _ position: LogPosition) -> Bool {
        state.withLock { state in
            // Marks move before the frame leaves the queue, so what is in no frame is durable.
            state.queue.wait(waiter, shard: Int(position.shard.rawValue), record: position.record)
        }
    }

    /// The same for threads that may block.
    func waitUntilDurable(_ shard: ShardID, _ record: UInt64) {
        let mark = durableMarks[Int(shard.rawValue)]
        _ = state.wait(for: .progress) { _ in mark.value >= record ? true : nil }
    }

    /// How long the write under way has been on its way to the disk, 0 when there is none.
    package var stallMilliseconds: Int64 {
        guard let since = state.withLock({ $0.writingSince }) else { return 0 }
        let components = (ContinuousClock.now - since).components
        return components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// How much has been appended and is not on the disk yet.
    package var lag: (records: UInt64, bytes: Int) {
        state.withLock { state in
            let records = zip(state.queue.lastRecords, durableMarks).reduce(0) { sum, shard in
                sum + shard.0 - min(shard.0, shard.1.value)
            }
            return (records, state.queue.queuedBytes)
        }
    }

    package var hasRoom: Bool { state.withLock { $0.queue.hasRoom } }

    // MARK: Closing

    package func close() async {
        guard beginClosing() else { return }
        await withCheckedContinuation { continuation in
            // Joining blocks, so it gets a thread of its own; starting one can only fail when the
            // process is out of threads, and then blocking here is the smaller evil.
            let join: @Sendable () -> Void = { [threads] in
                for thread in threads { thread.join() }
                continuation.resume()
            }
            do throws(StorageError) {
                _ = try WorkerThread(name: "log-close", join)
            } catch {
                join()
            }
        }
    }

    /// Tells the threads to write what there is and to end; false when that has been done before.
    package func beginClosing() -> Bool {
        guard state.withLock({ $0.beginClosing() }) else { return false }
        state.wake(.work)
        state.wake(.spare)
        return true
    }
}

/// How far a shard's stream is durable; only the writer moves it.
final class DurableMark: Sendable {
    private let record: Atomic<UInt64>

    init(_ record: UInt64) { self.record = Atomic(record) }

    var value: UInt64 {
        get { record.load(ordering: .acquiring) }
        set { record.store(newValue, ordering: .releasing) }
    }
}
