/// The log of a data directory as it stands, for reading only: exactly what a start would recover
/// from, found by the same rules, without a start's repairs.
package struct FrozenLog: Sendable {
    package let directory: DataDirectory
    /// The usable ones, oldest first.
    package let snapshots: [SnapshotFile]
    /// What a start would say.
    package let notices: [StorageNotice]
    package let endFrame: UInt64
    /// The last record of each shard.
    package let records: [ShardID: UInt64]
    let segments: [UInt64]
    let ending: LogScan.Ending

    package var shardCount: Int { directory.shardCount }
    /// Whether an unfinished write follows the log's end.
    package var hasTornTail: Bool { ending.tornEnd != nil }

    /// - Throws: why a start would be refused.
    package init(_ directory: DataDirectory) throws(StorageError) {
        let recovery = try LogRecovery(directory, isReadOnly: true)
        self.directory = directory
        snapshots = recovery.snapshots
        notices = recovery.notices
        segments = recovery.segments
        ending = recovery.ending
        endFrame = recovery.tail.frame
        records = .byShard(recovery.tail.streams.map(\.record))
    }

    /// The first record of each shard that is still in the log.
    package func firstRecords() throws(StorageError) -> [ShardID: UInt64] {
        let path = directory.file(FileName.segment(firstFrame: segments[0]).text)
        let bytes = try directory.fileSystem.open(path, .reading).read(SegmentHeader.bytes, at: 0)
        return .byShard(try SegmentHeader(bytes, file: path).tail.streams.map { $0.record + 1 })
    }

    /// Calls `body` with every section that holds records after `records`, in the log's order.
    package func read(
        from records: [ShardID: UInt64] = [:], _ body: (LoggedSection) throws -> Void
    ) throws {
        for segment in segments {
            let path = directory.file(FileName.segment(firstFrame: segment).text)
            let bytes = try directory.fileSystem.open(path, .reading).readAll()
            var offset = SegmentHeader.bytes
            while case .valid(let frame) = FrameReader.read(bytes, at: offset),
                frame.number <= endFrame
            {
                for section in try FrameReader.sections(of: frame, in: bytes) {
                    let last = section.firstRecord + UInt64(section.recordCount) - 1
                    let known = records[ShardID(UInt16(section.shard)), default: 0]
                    guard last > known else { continue }
                    try body(section.logged(in: bytes, wallMilliseconds: frame.wallMilliseconds))
                }
                offset = frame.range.upperBound
            }
        }
    }
}

extension SnapshotFile {
    /// The frame that names it.
    package var frame: UInt64 { header.frame }
    package var createdAtMilliseconds: UInt64 { header.createdAtMilliseconds }
    /// The newest record of each shard that it knows: replay beside it has to reach as far.
    package var newestRecords: [ShardID: UInt64] { .byShard(newestApplied) }
}
