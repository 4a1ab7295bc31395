/// Segments written one after the other, from frames or sections that are there already.
struct NewLog {
    private let target: NewDirectory
    private let segmentBytes: Int
    private let id: DirectoryID
    private(set) var tail: LogTail
    private var file: any StorageFile
    private var offset: UInt64
    private(set) var activeFirstFrame: UInt64

    var nextFrame: UInt64 { tail.frame + 1 }

    init(
        _ start: LogTail, in target: NewDirectory, segmentBytes: Int, id: DirectoryID
    ) throws(StorageError) {
        self.target = target
        self.segmentBytes = segmentBytes
        self.id = id
        tail = start
        activeFirstFrame = start.frame + 1
        offset = UInt64(SegmentHeader.bytes)
        file = try Self.begin(start, target, id)
    }

    private static func begin(
        _ tail: LogTail, _ target: NewDirectory, _ id: DirectoryID
    ) throws(StorageError) -> any StorageFile {
        let header = SegmentHeader(
            directory: id, createdAtMilliseconds: WallMilliseconds.now(), tail: tail)
        let name = FileName.segment(firstFrame: header.firstFrame).text
        let file = try target.fileSystem.open(target.file(name), .replacing)
        try file.write(header.encoded, at: 0)
        return file
    }

    /// The frame with its records, its number and its time; only its chains are new.
    mutating func append(_ frame: ReadFrame, _ bytes: [UInt8]) throws(StorageError) {
        let sections: [ReadSection]
        do throws(ChainBreak) {
            sections = try FrameReader.sections(of: frame, in: bytes)
        } catch {
            throw .corrupt(file: file.path, offset: 0, reason: error.reason)
        }
        let pending = sections.map { section in
            PendingSection(
                shard: section.shard, recordCount: section.recordCount,
                lastRecord: section.firstRecord + UInt64(section.recordCount) - 1,
                bytes: Array(bytes[section.content]))
        }
        try append(frame.kind, pending, wallMilliseconds: frame.wallMilliseconds)
    }

    /// The next frame, in the next segment when this one is full.
    mutating func append(
        _ kind: Frame.Kind, _ sections: [PendingSection], wallMilliseconds: UInt64
    ) throws(StorageError) {
        let room = segmentBytes - AppendQueue.reserveBytes
        let count = sections.reduce(Frame.emptyBytes) { $0 + $1.encodedBytes }
        if Int(offset) + count > room, offset > UInt64(SegmentHeader.bytes) {
            try finish()
            file = try Self.begin(tail, target, id)
            activeFirstFrame = tail.frame + 1
            offset = UInt64(SegmentHeader.bytes)
        }
        let encoded = tail.encode(kind, sections, wallMilliseconds: wallMilliseconds)
        try file.write(encoded, at: offset)
        offset += UInt64(encoded.count)
    }

    mutating func finish() throws(StorageError) {
        try file.fsync()
        file.close()
    }
}
