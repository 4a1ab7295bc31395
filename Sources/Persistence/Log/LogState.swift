/// What the log's callers and its two threads share, and every decision that they take about it.
///
/// Pure: it lives under a lock and is asked by threads, but knows of neither. So the same decisions
/// are taken by the simulation, which has one thread and an order of its own.
struct LogState: Sendable {
    var queue: AppendQueue
    var tail: LogTail
    /// The first frames of the segments, oldest first.
    var segments: [UInt64]
    var snapshots: [SnapshotFile]
    /// Files that nothing needs any more, in the order in which they have to go.
    var useless: [FileName] = []
    private(set) var spares: [SpareSegment] = []
    var bytesSinceSnapshot: UInt64
    /// When the frame that is being written began its way to the disk, monotonic.
    private(set) var writingSince: ContinuousClock.Instant?
    private(set) var isClosing = false

    init(
        queue: AppendQueue, tail: LogTail, segments: [UInt64], snapshots: [SnapshotFile],
        bytesSinceSnapshot: UInt64
    ) {
        self.queue = queue
        self.tail = tail
        self.segments = segments
        self.snapshots = snapshots
        self.bytesSinceSnapshot = bytesSinceSnapshot
    }

    /// - Returns: false when that has happened before.
    mutating func beginClosing() -> Bool {
        defer { isClosing = true }
        return !isClosing
    }

    // MARK: The writer

    /// What to write now; nil when there is nothing.
    mutating func nextWork(after lastKind: Frame.Kind?) -> LogWork? {
        if let frame = queue.beginWriting() {
            writingSince = .now
            // A frame that starts a segment has claimed a spare, so one is there.
            return .frame(frame, frame.startsSegment ? spares.removeFirst() : nil)
        }
        guard isClosing else { return nil }
        // A log whose newest frame is a clean mark needs no second one; and an empty log none.
        return lastKind == nil || lastKind == .clean ? .stop : .mark(.clean)
    }

    /// The frame has begun its way to the disk in a segment of its own.
    mutating func switched(toFirstFrame frame: UInt64) { segments.append(frame) }

    /// The frame is durable; answers who waited for it.
    mutating func wrote(_ frame: PendingFrame, tail: LogTail) -> [Waiter] {
        self.tail = tail
        writingSince = nil
        bytesSinceSnapshot += UInt64(frame.bytes)
        return queue.finishWriting()
    }

    mutating func beginMark() { writingSince = .now }

    mutating func wroteMark(tail: LogTail) {
        self.tail = tail
        writingSince = nil
        queue.usedByMark()
    }

    // MARK: The maker of spares

    enum MakerOrder: Sendable {
        case make
        case stop
    }

    /// Nil when enough wait for use.
    var makerOrder: MakerOrder? {
        if isClosing { return .stop }
        return spares.count < SegmentMaker.sparesMax ? .make : nil
    }

    mutating func made(_ spare: SpareSegment) {
        spares.append(spare)
        queue.spareBecameReady()
    }

    mutating func couldNotMakeSpare() { queue.diskIsFull = true }
}

/// One thing that the writer does next.
enum LogWork: Sendable {
    /// With the segment to begin, when the frame is the first of one.
    case frame(PendingFrame, SpareSegment?)
    case mark(Frame.Kind)
    case stop
}

/// What threads wait for.
enum LogTopic: Int, CaseIterable, Sendable {
    /// Something to write, or the order to stop.
    case work
    /// Something became durable, or a thread has ended.
    case progress
    /// A spare was used, or the order to stop.
    case spare
}
