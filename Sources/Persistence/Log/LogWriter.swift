/// The writer's work: take a frame, write it, sync it, tell who waits.
///
/// `run` is the thread; what it does in each turn is `perform`, which a simulation calls as well.
final class LogWriter: @unchecked Sendable {
    // Unchecked Sendable is sound: after `init` only the writer thread touches the variables, or
    // the only thread of a simulation, and the rest is Sendable.
    private let state: Monitor<LogState, LogTopic>
    private let maker: SegmentMaker
    private let marks: [DurableMark]
    private let sealMilliseconds: Int
    private let meter: LogMeter
    private var tail: LogTail
    private var lastKind: Frame.Kind?
    private var file: any StorageFile
    private(set) var offset: UInt64
    private var pace = CommitPace()

    init(
        state: Monitor<LogState, LogTopic>, maker: SegmentMaker, marks: [DurableMark],
        tail: LogTail, lastKind: Frame.Kind?, file: any StorageFile, offset: UInt64,
        sealMilliseconds: Int, meter: LogMeter
    ) {
        self.state = state
        self.maker = maker
        self.marks = marks
        self.tail = tail
        self.lastKind = lastKind
        self.file = file
        self.offset = offset
        self.sealMilliseconds = sealMilliseconds
        self.meter = meter
    }

    func run(onFatal: (StorageError) -> Void) {
        do throws(StorageError) {
            repeat { pace.wait() } while try perform(awaitWork())
        } catch {
            onFatal(error)
        }
    }

    private func awaitWork() -> LogWork {
        let patience = owesSeal ? sealMilliseconds : nil
        let work = state.wait(for: .work, milliseconds: patience) { [lastKind] state in
            state.nextWork(after: lastKind)
        }
        // Only a wait that has an end comes back with nothing.
        return work ?? .mark(.seal)
    }

    /// What to do now; nil when the thread would sleep.
    func workAtOnce() -> LogWork? {
        state.withLock { [lastKind] state in state.nextWork(after: lastKind) }
    }

    /// Whether the newest frame has no witness: one is due when nothing more comes for a while.
    var owesSeal: Bool { lastKind == .batch }

    /// One turn; false when the log is closed and everything is written.
    func perform(_ work: LogWork) throws(StorageError) -> Bool {
        switch work {
        case .frame(let frame, let spare):
            try write(frame, spare)
            return true
        case .mark(let kind):
            try writeMark(kind)
            return true
        case .stop:
            file.close()
            return false
        }
    }

    private func write(_ frame: PendingFrame, _ spare: SpareSegment?) throws(StorageError) {
        if let spare {
            state.wake(.spare)
            file.close()
            file = try maker.activate(spare, tail: tail)
            offset = UInt64(SegmentHeader.bytes)
            let firstFrame = tail.frame + 1
            state.withLock { $0.switched(toFirstFrame: firstFrame) }
        }
        pace.began(appendCount: frame.appendCount)
        let began = ContinuousClock.now
        try write(tail.encode(.batch, frame.sections, wallMilliseconds: maker.directory.clock()))
        lastKind = .batch
        meter.committed(
            records: frame.sections.reduce(0) { $0 + $1.recordCount }, bytes: frame.bytes,
            took: .now - began)
        for section in frame.sections { marks[section.shard].value = section.lastRecord }
        let waiters = state.withLock { [tail] state in state.wrote(frame, tail: tail) }
        state.wake(.progress)
        for waiter in waiters { waiter.resume() }
    }

    /// A seal or clean mark: room for one of each is kept at the end of every segment.
    private func writeMark(_ kind: Frame.Kind) throws(StorageError) {
        state.withLock { $0.beginMark() }
        try write(tail.encode(kind, [], wallMilliseconds: maker.directory.clock()))
        lastKind = kind
        state.withLock { [tail] state in state.wroteMark(tail: tail) }
    }

    private func write(_ bytes: [UInt8]) throws(StorageError) {
        try file.write(bytes, at: offset)
        try file.fdatasync()
        offset += UInt64(bytes.count)
    }
}
