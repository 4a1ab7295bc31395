extension Salvage {
    /// Writes what can be proven into a new directory, under a new name, so that its files and the
    /// damaged ones can't be mixed up. The damaged directory is only read.
    ///
    /// The manifest comes last: whatever has one is complete.
    ///
    /// - Throws: `.system` with EEXIST when there is something at `newPath` already.
    package func write(
        to newPath: String, segmentBytes: Int, id: DirectoryID
    ) throws(StorageError) {
        let target = try NewDirectory(newPath, in: fileSystem)
        var start = LogTail(shardCount: manifest.shardCount)
        if let snapshot {
            start = self.start(at: snapshot)
            try target.write(snapshot, id: id, tail: start)
        }
        let active = try writeLog(after: start, to: target, segmentBytes, id)
        try target.finish(
            Manifest(
                directory: id, shardCount: manifest.shardCount, activeFirstFrame: active,
                metadata: manifest.metadata))
    }

    /// Where the new log begins. The chains begin anew, so only the counts have to be right.
    private func start(at snapshot: SnapshotFile) -> LogTail {
        var tail = LogTail(shardCount: manifest.shardCount)
        tail.frame = snapshot.header.frame
        tail.digest = snapshot.header.digest
        // A snapshot by itself knows more than its base: nothing of that comes again.
        let records = run == nil ? snapshot.newestApplied : snapshot.header.records
        for (shard, record) in records.enumerated() { tail.streams[shard].record = record }
        return tail
    }

    /// - Returns: the first frame of the newest segment.
    private func writeLog(
        after start: LogTail, to target: NewDirectory, _ segmentBytes: Int, _ id: DirectoryID
    ) throws(StorageError) -> UInt64 {
        var log = try NewLog(start, in: target, segmentBytes: segmentBytes, id: id)
        if let run {
            var walk = FrameWalk(
                path, in: fileSystem, directory: manifest.directory,
                shardCount: manifest.shardCount)
            let (first, last) = (start.frame, endFrame)
            var writer = log
            try walk.walk(segments) { frame, bytes, _ throws(StorageError) in
                guard frame.number > first, frame.number <= last,
                    frame.number >= run.firstFrame, frame.number == writer.nextFrame
                else { return }
                try writer.append(frame, bytes)
            }
            log = writer
        }
        try log.finish()
        guard log.nextFrame == endFrame + 1 else {
            throw .corrupt(
                file: path, offset: 0, reason: "it has changed while it was being read")
        }
        return log.activeFirstFrame
    }
}

/// A directory that was not there before.
struct NewDirectory {
    let path: String
    let fileSystem: any FileSystem

    /// EEXIST of errno.h.
    private static let exists: Int32 = 17

    /// An empty directory will do as well.
    init(_ path: String, in fileSystem: any FileSystem) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        if try !fileSystem.createDirectory(path, permissions: 0o700) {
            guard try fileSystem.names(in: path).isEmpty else {
                throw .system(operation: "use", path: path, errno: Self.exists)
            }
        }
        // Who was given an empty directory need not be allowed to look at the one around it.
        try? fileSystem.fsyncDirectory(DataDirectory.parent(of: path))
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The snapshot under the new name and beginning of the log.
    func write(
        _ snapshot: SnapshotFile, id: DirectoryID, tail: LogTail
    ) throws(StorageError) {
        let header = SnapshotHeader(
            directory: id, createdAtMilliseconds: snapshot.header.createdAtMilliseconds,
            frame: tail.frame, digest: tail.digest, records: tail.streams.map(\.record))
        let name = FileName.snapshot(frame: tail.frame).text
        let file = try fileSystem.open(self.file(name), .replacing)
        defer { file.close() }
        var hash = RunningSHA256()
        var offset: UInt64 = 0
        var blocks: UInt64 = 0
        func add(_ bytes: [UInt8]) throws(StorageError) {
            try file.write(bytes, at: offset)
            hash.update(bytes, in: 0..<bytes.count)
            offset += UInt64(bytes.count)
        }
        try add(header.encoded)
        do {
            try snapshot.forEachChunk { part, chunk in
                try add(SnapshotBlock(part, chunk: chunk).encoded)
                blocks += 1
            }
        } catch {
            throw .notUnderstood(error, file: snapshot.path, offset: 0)
        }
        let footer = SnapshotFooter(blocks: blocks, length: offset, hash: hash.finish())
        try file.write(footer.encoded, at: offset)
        try file.fsync()
    }

    /// Everything else is durable before the manifest that vouches for it.
    func finish(_ manifest: Manifest) throws(StorageError) {
        try fileSystem.fsyncDirectory(path)
        let directory = DataDirectory(
            path: path, fileSystem: fileSystem, manifest: manifest,
            lock: FileBytes(FileName.lock, []))
        try directory.publish(manifest, over: FileName.newManifest)
    }
}

/// Segments written one after the other from frames that are there already.
private struct NewLog {
    private let target: NewDirectory
    private let segmentBytes: Int
    private let id: DirectoryID
    private var tail: LogTail
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
        let room = segmentBytes - AppendQueue.reserveBytes
        if Int(offset) + frame.range.count > room, offset > UInt64(SegmentHeader.bytes) {
            try finish()
            file = try Self.begin(tail, target, id)
            activeFirstFrame = tail.frame + 1
            offset = UInt64(SegmentHeader.bytes)
        }
        let encoded = tail.encode(
            frame.kind, pending, wallMilliseconds: frame.wallMilliseconds)
        try file.write(encoded, at: offset)
        offset += UInt64(encoded.count)
    }

    mutating func finish() throws(StorageError) {
        try file.fsync()
        file.close()
    }
}
