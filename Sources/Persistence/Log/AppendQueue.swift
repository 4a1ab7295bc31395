/// A frame on its way to the disk: what one fsync will make durable.
struct PendingFrame: Sendable {
    /// It is the first of a new segment, whose room has been claimed for it.
    let startsSegment: Bool
    private(set) var sections: [PendingSection] = []
    /// How many appends have joined.
    private(set) var appendCount = 0
    /// The encoded size so far.
    private(set) var bytes = Frame.emptyBytes
    var waiters: [Waiter] = []

    init(startsSegment: Bool) { self.startsSegment = startsSegment }

    /// The encoded size if a batch joined.
    func bytes(adding count: Int, to shard: Int) -> Int {
        guard let known = sections.first(where: { $0.shard == shard }) else {
            return bytes + Frame.sectionHeaderBytes + Frame.padded(count)
        }
        return bytes - Frame.padded(known.bytes.count) + Frame.padded(known.bytes.count + count)
    }

    mutating func add(_ batch: RecordBatch, to shard: Int, lastRecord: UInt64) {
        appendCount += 1
        bytes = bytes(adding: batch.bytes.count, to: shard)
        if let index = sections.firstIndex(where: { $0.shard == shard }) {
            sections[index].bytes += batch.bytes
            sections[index].recordCount += batch.count
            sections[index].lastRecord = lastRecord
        } else {
            sections.append(
                PendingSection(
                    shard: shard, recordCount: batch.count, lastRecord: lastRecord,
                    bytes: batch.bytes))
        }
    }
}

/// What has been appended and is not durable yet, and the room that is left for more. Pure: the
/// rules of admission without a lock, a thread or a file.
struct AppendQueue: Sendable {
    /// In their order; the first is being written when `isWriting`.
    private(set) var frames: [PendingFrame] = []
    private(set) var isWriting = false
    private(set) var queuedBytes = 0
    /// The last record of each shard, durable or not.
    private(set) var lastRecords: [UInt64]
    /// What is left of the segment that the last frame of the queue goes into; below zero when
    /// marks have begun to use the reserve.
    private(set) var roomBytes: Int
    /// Prepared segments that no frame has claimed.
    private(set) var sparesReady = 0
    /// Set while no further segment can be prepared because the disk is full.
    var diskIsFull = false
    /// Set by the first append that found no room on a full disk, until there is some again: small
    /// appends that would still fit are refused too, so that writers see one state and not luck.
    private var isRefusing = false
    let segmentRoomBytes: Int

    /// What one fsync takes at the most; keeps a frame's memory and its time on the disk bounded.
    static let frameBytesMax = 16 << 20
    /// More than this in memory means that the disk is far behind; callers do better to come back.
    static let queuedBytesMax = 64 << 20
    /// Kept at the end of every segment for marks: a seal that was decided on while the last batch
    /// joined the queue, the seal of that batch, and the clean mark.
    static let reserveBytes = 3 * Frame.emptyBytes

    init(lastRecords: [UInt64], segmentBytes: Int, offset: Int, activeBytes: Int) {
        self.lastRecords = lastRecords
        segmentRoomBytes = segmentBytes - SegmentHeader.bytes - Self.reserveBytes
        roomBytes = activeBytes - offset - Self.reserveBytes
    }

    /// What one append may hold: it must fit into one frame of one segment.
    var appendBytesMax: Int {
        min(Self.frameBytesMax, segmentRoomBytes) - Frame.emptyBytes - Frame.sectionHeaderBytes
            - Frame.alignment
    }

    mutating func append(
        _ batch: RecordBatch, to shard: Int, expecting: UInt64?
    ) throws(AppendError) -> UInt64 {
        let last = lastRecords[shard]
        if let expecting, expecting != last { throw .fenced }
        guard !isRefusing else { throw .full }
        precondition(batch.bytes.count <= appendBytesMax, "one append is larger than a frame")
        guard queuedBytes + batch.bytes.count <= Self.queuedBytesMax else { throw .overloaded }
        try makePlace(for: batch.bytes.count, shard: shard)
        let place = frames.count - 1
        let before = frames[place].bytes
        let record = last + UInt64(batch.count)
        frames[place].add(batch, to: shard, lastRecord: record)
        let grown = frames[place].bytes - before
        roomBytes -= grown
        queuedBytes += grown
        lastRecords[shard] = record
        return record
    }

    /// Makes sure that the last frame of the queue is open and has room.
    private mutating func makePlace(for count: Int, shard: Int) throws(AppendError) {
        if frames.count > (isWriting ? 1 : 0) {
            let open = frames.count - 1
            let size = frames[open].bytes(adding: count, to: shard)
            if size <= Self.frameBytesMax, size - frames[open].bytes <= roomBytes { return }
        }
        let needed = Frame.emptyBytes + Frame.sectionHeaderBytes + Frame.padded(count)
        if needed <= roomBytes {
            frames.append(PendingFrame(startsSegment: false))
        } else {
            guard sparesReady > 0 else {
                isRefusing = diskIsFull
                throw diskIsFull ? .full : .overloaded
            }
            sparesReady -= 1
            roomBytes = segmentRoomBytes
            frames.append(PendingFrame(startsSegment: true))
        }
        roomBytes -= Frame.emptyBytes
        queuedBytes += Frame.emptyBytes
    }

    mutating func spareBecameReady() {
        sparesReady += 1
        diskIsFull = false
        isRefusing = false
    }

    /// False while appends are refused for want of space, or the next one of an account may be.
    var hasRoom: Bool {
        !isRefusing && (!diskIsFull || sparesReady > 0 || roomBytes >= Self.smallAppendBytes)
    }

    /// An append larger than any single command of an account makes.
    private static let smallAppendBytes = 4096

    // MARK: The writer's side

    /// A mark was written: it took room that the next batch can't have.
    mutating func usedByMark() { roomBytes -= Frame.emptyBytes }

    /// The next frame to write. It stays in the queue, for those who wait for it, until `wrote`.
    mutating func beginWriting() -> PendingFrame? {
        guard !isWriting, let frame = frames.first else { return nil }
        isWriting = true
        return frame
    }

    /// Removes the frame that is durable now; answers who waited for it.
    mutating func finishWriting() -> [Waiter] {
        let frame = frames.removeFirst()
        isWriting = false
        queuedBytes -= frame.bytes
        return frame.waiters
    }

    /// Adds a waiter to the frame that holds the record; false when no frame does.
    mutating func wait(_ waiter: Waiter, shard: Int, record: UInt64) -> Bool {
        guard
            let place = frames.firstIndex(where: { frame in
                frame.sections.contains { $0.shard == shard && $0.lastRecord >= record }
            })
        else { return false }
        frames[place].waiters.append(waiter)
        return true
    }
}
