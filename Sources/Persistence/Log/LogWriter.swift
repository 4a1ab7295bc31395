/// The writer thread's work: take a frame, write it, sync it, tell who waits.
final class LogWriter: @unchecked Sendable {
    // Unchecked Sendable is sound: after `init` only the writer thread touches the variables, and
    // the rest is Sendable.
    private let state: Monitor<FileLog.State, FileLog.Topic>
    private let maker: SegmentMaker
    private let marks: [DurableMark]
    private let sealMilliseconds: Int
    private let meter: LogMeter
    private var tail: LogTail
    private var lastKind: Frame.Kind?
    private var file: any StorageFile
    private var offset: UInt64
    private var pace = CommitPace()

    init(
        state: Monitor<FileLog.State, FileLog.Topic>, maker: SegmentMaker, marks: [DurableMark],
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
            while try step() {}
        } catch {
            onFatal(error)
        }
    }

    private enum Work: Sendable {
        case frame(PendingFrame, SpareSegment?)
        case stop
    }

    /// One turn; false when the log is closed and everything is written.
    private func step() throws(StorageError) -> Bool {
        pace.wait()
        let patience = lastKind == .batch ? sealMilliseconds : nil
        let work = state.wait(for: .work, milliseconds: patience) { state -> Work? in
            if let frame = state.queue.beginWriting() {
                state.writingSince = .now
                // A frame that starts a segment has claimed a spare, so one is there.
                return .frame(frame, frame.startsSegment ? state.spares.removeFirst() : nil)
            }
            return state.isClosing ? .stop : nil
        }
        switch work {
        case .frame(let frame, let spare)?:
            try write(frame, spare)
            return true
        case .stop?:
            // A log whose newest frame is a clean mark needs no second one; and an empty log none.
            if let lastKind, lastKind != .clean { try writeMark(.clean) }
            file.close()
            return false
        case nil:
            try writeMark(.seal)
            return true
        }
    }

    private func write(_ frame: PendingFrame, _ spare: SpareSegment?) throws(StorageError) {
        if let spare {
            state.wake(.spare)
            file.close()
            file = try maker.activate(spare, tail: tail)
            offset = UInt64(SegmentHeader.bytes)
            let firstFrame = tail.frame + 1
            state.withLock { $0.segments.append(firstFrame) }
        }
        pace.began(appendCount: frame.appendCount)
        let began = ContinuousClock.now
        try write(tail.encode(.batch, frame.sections, wallMilliseconds: WallMilliseconds.now()))
        lastKind = .batch
        meter.committed(
            records: frame.sections.reduce(0) { $0 + $1.recordCount }, bytes: frame.bytes,
            took: .now - began)
        for section in frame.sections { marks[section.shard].value = section.lastRecord }
        let waiters = state.withLock { [tail] state in
            state.tail = tail
            state.writingSince = nil
            state.bytesSinceSnapshot += UInt64(frame.bytes)
            return state.queue.finishWriting()
        }
        state.wake(.progress)
        for waiter in waiters { waiter.resume() }
    }

    /// A seal or clean mark: room for one of each is kept at the end of every segment.
    private func writeMark(_ kind: Frame.Kind) throws(StorageError) {
        state.withLock { $0.writingSince = .now }
        try write(tail.encode(kind, [], wallMilliseconds: WallMilliseconds.now()))
        lastKind = kind
        state.withLock { [tail] state in
            state.tail = tail
            state.writingSince = nil
            state.queue.usedByMark()
        }
    }

    private func write(_ bytes: [UInt8]) throws(StorageError) {
        try file.write(bytes, at: offset)
        try file.fdatasync()
        offset += UInt64(bytes.count)
    }
}

extension SegmentMaker {
    /// The maker thread's work: keep spares ready until the log closes.
    func run(_ state: Monitor<FileLog.State, FileLog.Topic>) {
        var number = 0
        while true {
            let goesOn = state.wait(for: .spare) { state -> Bool? in
                if state.isClosing { return false }
                return state.spares.count < Self.sparesMax ? true : nil
            }
            guard goesOn == true else { return }
            do throws(StorageError) {
                let spare = try make(number: number)
                number += 1
                state.withLock { state in
                    state.spares.append(spare)
                    state.queue.spareBecameReady()
                }
            } catch {
                discard(number: number)
                state.withLock { $0.queue.diskIsFull = true }
                // Asked again in a while, or at once when the log closes.
                _ = state.wait(for: .spare, milliseconds: Self.retryMilliseconds) { state in
                    state.isClosing ? true : nil
                }
            }
        }
    }
}
