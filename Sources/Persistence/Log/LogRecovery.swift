import Synchronization

/// Finds out what a data directory holds. It syncs files, and changes nothing: every reason to
/// refuse has been found before `repair` writes its first byte.
struct LogRecovery {
    let directory: DataDirectory
    private(set) var tail: LogTail
    /// The first frames of the segments, oldest first; never empty.
    private(set) var segments: [UInt64] = []
    private(set) var ending: LogScan.Ending
    private(set) var lastKind: Frame.Kind?
    /// The snapshots that verify, oldest first.
    private(set) var snapshots: [SnapshotFile] = []
    private(set) var notices: [StorageNotice] = []
    /// Bytes of frames after the newest snapshot's base.
    private(set) var bytesSinceSnapshot: UInt64
    private let temporaries: [String]
    /// A torn write was found at the log's end before, and what has become of it is not known.
    private let isTornBefore: Bool

    /// - Parameter isReadOnly: nothing is even synced; for those who only look.
    /// - Throws: `StorageError` with the file and the reason when the log isn't whole.
    init(_ directory: DataDirectory, isReadOnly: Bool = false) throws(StorageError) {
        self.directory = directory
        let names = try directory.fileSystem.names(in: directory.path)
        if !isReadOnly { try Self.sync(names, directory) }
        temporaries = names.filter(FileName.isTemporary)
        segments = names.compactMap(FileName.firstFrame(ofSegment:)).sorted()
        try Self.checkAgainstManifest(segments, directory)

        var candidates: [SnapshotFile] = []
        for frame in names.compactMap(FileName.frame(ofSnapshot:)).sorted() {
            let path = directory.file(FileName.snapshot(frame: frame).text)
            do throws(StorageError) {
                candidates.append(try SnapshotFile(verifying: path, in: directory.fileSystem))
            } catch .corrupt(let file, let offset, let reason) {
                notices.append(
                    .snapshotUnusable(file: file, reason: "corrupt at offset \(offset): \(reason)"))
            }
        }
        var scan = LogScan(
            directory: directory, marksWanted: Set(candidates.map(\.header.frame)))
        ending = LogScan.Ending(offset: 0, fileBytes: 0, tornEnd: nil, lastFrame: nil)
        for (index, segment) in segments.enumerated() {
            ending = try scan.scan(
                segment: segment, isFirst: index == 0, isNewest: index == segments.count - 1)
        }
        tail = scan.tail
        lastKind = scan.lastKind
        bytesSinceSnapshot = scan.frameBytes
        for snapshot in candidates where try Self.belongs(snapshot, to: scan, directory) {
            snapshots.append(snapshot)
        }
        if let newest = snapshots.last, let mark = scan.marks[newest.header.frame] {
            bytesSinceSnapshot = scan.frameBytes - mark.frameBytes
        }
        let newest = segments.last ?? 0
        isTornBefore = names.contains(
            FileName.torn(firstFrame: newest, offset: UInt64(ending.offset), attempt: 0))
        try checkBeginning()
    }

    /// The operating system may still hold what a crashed process wrote and never synced:
    /// recovering from that and then losing power would fork history.
    private static func sync(
        _ names: [String], _ directory: DataDirectory
    ) throws(StorageError) {
        for name in names
        where FileName.firstFrame(ofSegment: name) != nil
            || FileName.frame(ofSnapshot: name) != nil || name == FileName.manifest
        {
            let file = try directory.fileSystem.open(directory.file(name), .writing)
            try file.fsync()
            file.close()
        }
        try directory.fileSystem.fsyncDirectory(directory.path)
    }

    /// The manifest names the segment that is written to, so a missing newest one is noticed. One
    /// newer segment may exist: a crash came between its rename and the new manifest.
    static func checkAgainstManifest(
        _ segments: [UInt64], _ directory: DataDirectory
    ) throws(StorageError) {
        let active = directory.manifest.withLock { $0.activeFirstFrame }
        guard segments.contains(active) else {
            throw .missing(
                file: directory.file(FileName.segment(firstFrame: active).text),
                reason: "the manifest says that it is the newest segment; restore it from a backup")
        }
        let newer = segments.filter { $0 > active }
        guard newer.count <= 1 else {
            throw .corrupt(
                file: directory.file(FileName.manifest), offset: 0,
                reason: "\(newer.count) segments are newer than the one it names")
        }
    }

    /// Whether a snapshot and the log are of one history.
    static func belongs(
        _ snapshot: SnapshotFile, to scan: LogScan, _ directory: DataDirectory
    ) throws(StorageError) -> Bool {
        let header = snapshot.header
        guard header.directory == directory.id else {
            throw .corrupt(
                file: snapshot.path, offset: 0, reason: "it belongs to another data directory")
        }
        guard let mark = scan.marks[header.frame] else {
            if header.frame > scan.tail.frame {
                throw .corrupt(
                    file: snapshot.path, offset: 0,
                    reason: "the log ends at frame \(scan.tail.frame), before the snapshot's base "
                        + "\(header.frame): the end of the log is missing")
            }
            // Older than the log that is left: of no use, and of no harm.
            return false
        }
        let records = mark.tail.streams.map(\.record)
        guard mark.tail.digest == header.digest, records == header.records else {
            throw .corrupt(
                file: snapshot.path, offset: 0,
                reason: "it was made from another history than the log's")
        }
        for (shard, stream) in scan.tail.streams.enumerated()
        where snapshot.newestApplied[shard] > stream.record {
            throw .corrupt(
                file: snapshot.path, offset: 0,
                reason: "it knows records of shard \(shard) that the log does not have")
        }
        return true
    }

    /// Without its beginning, the log needs a snapshot to stand on.
    private func checkBeginning() throws(StorageError) {
        guard let first = segments.first, first > 1, snapshots.isEmpty else { return }
        if case .snapshotUnusable(let file, let reason)? = notices.last {
            throw .corrupt(file: file, offset: 0, reason: reason + "; no other snapshot is left")
        }
        throw .missing(
            file: directory.file("snapshot-*.snap"),
            reason: "the log begins at frame \(first) and needs a snapshot to stand on; "
                + "restore it from a backup")
    }

    // MARK: Repair

    /// Keeps the bytes of a torn write aside and puts zeros in their place, brings the segment to
    /// its full size, and removes what interrupted writes have left.
    mutating func repair(segmentBytes: Int) throws(StorageError) {
        let fileSystem = directory.fileSystem
        for name in temporaries { try fileSystem.unlink(directory.file(name)) }
        guard let newest = segments.last else { return }
        try nameInManifest(newest)
        let name = FileName.segment(firstFrame: newest).text
        let fullBytes = max(ending.fileBytes, segmentBytes)
        let segment = try fileSystem.open(directory.file(name), .writing)
        defer { segment.close() }
        try writeAgain(ending.lastFrame, of: segment)
        guard ending.tornEnd != nil || isTornBefore || ending.fileBytes < fullBytes else { return }
        if let end = ending.tornEnd {
            let offset = UInt64(ending.offset)
            let torn = try segment.read(end - ending.offset, at: offset)
            let kept = try keep(torn, firstFrame: newest, offset: offset)
            notices.append(
                .tornWrite(file: directory.file(name), offset: offset, keptIn: kept))
        }
        try segment.zero(UInt64(ending.offset)..<UInt64(fullBytes))
        ending = LogScan.Ending(
            offset: ending.offset, fileBytes: fullBytes, tornEnd: nil, lastFrame: ending.lastFrame)
    }

    /// The sync of the newest frame may have failed, and ended the process before us. The system
    /// then goes on showing what the disk never got, and counts it as written: a sync of ours can't
    /// tell. Only writing it again can. Every frame before it is proven by its successor.
    private func writeAgain(
        _ frame: Range<Int>?, of segment: any StorageFile
    ) throws(StorageError) {
        guard let frame else { return }
        let offset = UInt64(frame.lowerBound)
        try segment.write(try segment.read(frame.count, at: offset), at: offset)
        try segment.fdatasync()
    }

    /// A crash may have come before the manifest that was to name the newest segment. Left alone,
    /// the next switch could make that two unnamed ones, and a trim remove the one that is named.
    private func nameInManifest(_ newest: UInt64) throws(StorageError) {
        var manifest = directory.manifest.withLock { $0 }
        guard manifest.activeFirstFrame != newest else { return }
        manifest.activeFirstFrame = newest
        try directory.publish(manifest, over: FileName.newManifest)
    }

    private func keep(
        _ bytes: [UInt8], firstFrame: UInt64, offset: UInt64
    ) throws(StorageError) -> String {
        let fileSystem = directory.fileSystem
        let taken = Set(try fileSystem.names(in: directory.path))
        var attempt = 0
        var name = FileName.torn(firstFrame: firstFrame, offset: offset, attempt: attempt)
        while taken.contains(name) {
            attempt += 1
            name = FileName.torn(firstFrame: firstFrame, offset: offset, attempt: attempt)
        }
        let file = try fileSystem.open(directory.file(FileName.newTorn), .replacing)
        try file.write(bytes, at: 0)
        try file.fsync()
        file.close()
        try fileSystem.rename(directory.file(FileName.newTorn), to: directory.file(name))
        try fileSystem.fsyncDirectory(directory.path)
        return directory.file(name)
    }
}
