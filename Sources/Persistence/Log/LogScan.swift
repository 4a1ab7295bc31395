/// Reads segments in their order and follows the chain through every frame of them.
struct LogScan {
    let directory: DataDirectory
    /// Frames whose place in the log somebody asks for: the bases of the snapshots.
    let marksWanted: Set<UInt64>
    /// Shown every frame that continues the log, with the segment's bytes and path.
    var visit: (ReadFrame, [UInt8], String) throws(StorageError) -> Void = { _, _, _ in }
    private(set) var tail: LogTail
    /// The log as it stood after each wanted frame.
    private(set) var marks: [UInt64: Mark] = [:]
    private(set) var frameBytes: UInt64 = 0
    /// The kind of the newest frame; nil when the log is empty.
    private(set) var lastKind: Frame.Kind?

    struct Mark {
        let tail: LogTail
        /// Bytes of frames before it, counted from the first segment that exists.
        let frameBytes: UInt64
    }

    /// Where a segment's frames end, and what follows.
    struct Ending {
        let offset: Int
        let fileBytes: Int
        /// The end of an unfinished write that begins at `offset`; nil when only zeros follow.
        let tornEnd: Int?
        /// The newest frame, when it is in this segment.
        let lastFrame: Range<Int>?
    }

    init(directory: DataDirectory, marksWanted: Set<UInt64>) {
        self.directory = directory
        self.marksWanted = marksWanted
        tail = LogTail(shardCount: directory.shardCount)
    }

    /// - Parameters:
    ///   - isFirst: nothing came before that could be compared with the segment's header.
    ///   - isNewest: only the newest segment can end in a torn write.
    mutating func scan(
        segment firstFrame: UInt64, isFirst: Bool, isNewest: Bool
    ) throws(StorageError) -> Ending {
        let path = directory.file(FileName.segment(firstFrame: firstFrame).text)
        let bytes = try directory.fileSystem.open(path, .reading).readAll()
        let header = try SegmentHeader(bytes, file: path)
        guard header.directory == directory.id, header.firstFrame == firstFrame,
            header.tail.streams.count == directory.shardCount
        else {
            throw .corrupt(file: path, offset: 0, reason: "it belongs to another log or place")
        }
        if isFirst { tail = header.tail }
        guard header.tail == tail else {
            throw .corrupt(
                file: path, offset: 0,
                reason:
                    "it does not continue the segment before it, which ends at frame \(tail.frame)")
        }
        mark()
        return try scan(bytes, path: path, isNewest: isNewest)
    }

    private mutating func scan(
        _ bytes: [UInt8], path: String, isNewest: Bool
    ) throws(StorageError) -> Ending {
        var offset = SegmentHeader.bytes
        var last: Range<Int>?
        func ending(tornEnd: Int?) -> Ending {
            Ending(offset: offset, fileBytes: bytes.count, tornEnd: tornEnd, lastFrame: last)
        }
        while offset < bytes.count {
            switch FrameReader.read(bytes, at: offset) {
            case .valid(let frame):
                do throws(ChainBreak) {
                    try tail.advance(past: frame, in: bytes)
                } catch {
                    throw .corrupt(file: path, offset: UInt64(offset), reason: error.reason)
                }
                try visit(frame, bytes, path)
                lastKind = frame.kind
                frameBytes += UInt64(frame.range.count)
                last = frame.range
                offset = frame.range.upperBound
                mark()
            case .futureVersion(let found):
                throw .futureVersion(
                    file: path, found: found, supported: UInt16(Frame.version))
            case .invalid(let reason, let trustedLength):
                let end = ByteScan.endOfContent(bytes, in: offset..<bytes.count)
                if end == offset, trustedLength == nil {
                    return ending(tornEnd: nil)
                }
                try judge(
                    bytes, path: path, at: offset, contentEnd: end, reason: reason,
                    trustedLength: trustedLength, isNewest: isNewest)
                return ending(tornEnd: end)
            }
        }
        return ending(tornEnd: nil)
    }

    /// Returns when the invalid frame is a torn write; throws when it is rot.
    private func judge(
        _ bytes: [UInt8], path: String, at offset: Int, contentEnd: Int, reason: String,
        trustedLength: Int?, isNewest: Bool
    ) throws(StorageError) {
        if !isNewest {
            throw .corrupt(
                file: path, offset: UInt64(offset), reason: reason + ", and a later segment follows"
            )
        }
        if let later = TornTail.laterFrame(bytes, after: offset, newerThan: tail.frame) {
            throw .corrupt(
                file: path, offset: UInt64(offset),
                reason: reason + ", but the frame at offset \(later) after it is whole")
        }
        let isTorn = TornTail.isTorn(
            bytes, at: offset, contentEnd: contentEnd, trustedLength: trustedLength)
        if !isTorn {
            throw .corrupt(
                file: path, offset: UInt64(offset),
                reason: reason + ", and all of it has been written")
        }
    }

    private mutating func mark() {
        if marksWanted.contains(tail.frame) {
            marks[tail.frame] = Mark(tail: tail, frameBytes: frameBytes)
        }
    }
}
