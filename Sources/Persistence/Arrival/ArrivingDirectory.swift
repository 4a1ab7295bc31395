/// A data directory whose content comes from elsewhere: one snapshot, then the log that goes on
/// from it, both with the ordinals and the chains that each shard's stream had there.
///
/// The manifest comes last: whatever has one is complete. Until then a file says that the directory
/// is unfinished. No server starts from it, and whoever begins again starts from nothing.
package struct ArrivingDirectory {
    /// Where the log of the new directory begins.
    package struct Start: Sendable {
        /// Where each shard stands in the snapshot.
        package var streams: [StreamTail]
        /// Without one every shard has to begin at its first record.
        package var hasSnapshot: Bool

        package init(streams: [StreamTail], hasSnapshot: Bool) {
            self.streams = streams
            self.hasSnapshot = hasSnapshot
        }

        /// With a snapshot the log begins at its second frame: recovery then insists on having a
        /// snapshot that is whole, and never takes the log for all there is.
        fileprivate var tail: LogTail {
            var tail = LogTail(shardCount: streams.count)
            tail.frame = hasSnapshot ? 1 : 0
            tail.streams = streams
            return tail
        }
    }

    private let target: NewDirectory
    private let lock: any StorageFile
    private let id: DirectoryID
    private let start: Start
    private var snapshot: NewSnapshot?
    private var log: NewLog

    /// - Parameter id: the name that the directory gets.
    /// - Throws: `.system` with EEXIST for a directory that has something in it already.
    package init(
        _ path: String, in fileSystem: any FileSystem, id: DirectoryID, start: Start,
        segmentBytes: Int
    ) throws(StorageError) {
        self.id = id
        self.start = start
        (target, lock) = try Self.cleared(path, fileSystem)
        let tail = start.tail
        if start.hasSnapshot {
            let header = SnapshotHeader(
                directory: id, createdAtMilliseconds: WallMilliseconds.now(), frame: tail.frame,
                digest: tail.digest, records: tail.streams.map(\.record))
            let name = FileName.snapshot(frame: tail.frame).text
            snapshot = try NewSnapshot(
                try fileSystem.open(target.file(name), .replacing), header: header)
        }
        log = try NewLog(tail, in: target, segmentBytes: segmentBytes, id: id)
    }

    // MARK: What arrives

    /// A chunk of the snapshot; all of them come before the first section.
    package mutating func add(
        _ header: SnapshotPartHeader, chunk: [UInt8]
    ) throws(StorageError) {
        precondition(snapshot != nil, "a chunk after the snapshot")
        try snapshot?.add(header, chunk: chunk)
    }

    package mutating func endSnapshot() throws(StorageError) {
        try snapshot?.end()
        try snapshot?.sync()
        snapshot?.close()
        snapshot = nil
    }

    /// The section comes to have the bytes that it had where it comes from.
    package mutating func append(_ section: LoggedSection) throws(StorageError) {
        var reader = section.reader
        let shard = Int(section.shard.rawValue)
        guard let bytes = try? reader.readRaw(reader.remaining),
            log.tail.streams.indices.contains(shard),
            section.firstRecord == log.tail.streams[shard].record + 1
        else {
            throw .corrupt(
                file: target.path, offset: 0,
                reason: "record \(section.firstRecord) of shard \(shard) is not the next one")
        }
        let pending = PendingSection(
            shard: shard, recordCount: section.recordCount,
            lastRecord: section.firstRecord + UInt64(section.recordCount) - 1, bytes: bytes)
        try log.append(.batch, [pending], wallMilliseconds: section.writtenAtMilliseconds)
    }

    /// Where each shard stands after what has arrived.
    package var streams: [StreamTail] { log.tail.streams }

    // MARK: The end

    /// Makes all of it durable, and reads it back as a start would.
    package mutating func complete(metadata: [UInt8]) throws(StorageError) -> Manifest {
        precondition(snapshot == nil, "the snapshot has no end")
        try log.append(.clean, [], wallMilliseconds: WallMilliseconds.now())
        try log.finish()
        try target.fileSystem.fsyncDirectory(target.path)
        let manifest = Manifest(
            directory: id, shardCount: streams.count, activeFirstFrame: log.activeFirstFrame,
            metadata: metadata)
        let directory = DataDirectory(
            path: target.path, fileSystem: target.fileSystem, manifest: manifest, lock: lock)
        let recovery = try LogRecovery(directory, isReadOnly: true)
        guard recovery.tail == log.tail, recovery.notices.isEmpty,
            recovery.snapshots.isEmpty != start.hasSnapshot
        else {
            throw .corrupt(
                file: target.path, offset: 0, reason: "what was written does not come back")
        }
        return manifest
    }

    /// From here on a server starts from the directory.
    package func publish(_ manifest: Manifest) throws(StorageError) {
        try target.finish(manifest)
        try target.fileSystem.unlink(target.file(FileName.unfinished))
        try target.fileSystem.fsyncDirectory(target.path)
        lock.close()
    }
}

extension ArrivingDirectory {
    /// EEXIST of errno.h.
    private static let exists: Int32 = 17

    /// Whether something could arrive there; changes nothing.
    ///
    /// - Throws: `.system` with EEXIST for a directory that has something in it already.
    package static func check(
        _ path: String, in fileSystem: any FileSystem
    ) throws(StorageError) {
        let names: [String]
        do throws(StorageError) {
            names = try fileSystem.names(in: path)
        } catch  where error.isNoSuchFile {
            return
        }
        let isUnfinished =
            names.contains(FileName.unfinished) && !names.contains(FileName.manifest)
        guard names.isEmpty || isUnfinished else {
            throw .system(operation: "use", path: path, errno: exists)
        }
    }

    /// The file that says so is durable before anything else, and what an earlier attempt has left
    /// goes after it.
    private static func cleared(
        _ path: String, _ fileSystem: any FileSystem
    ) throws(StorageError) -> (NewDirectory, any StorageFile) {
        try check(path, in: fileSystem)
        if try fileSystem.createDirectory(path, permissions: 0o700) {
            try fileSystem.fsyncDirectory(DataDirectory.parent(of: path))
        }
        let target = NewDirectory(cleared: path, in: fileSystem)
        let marker = try fileSystem.open(
            target.file(FileName.unfinished), .writingOrCreating)
        try marker.fsync()
        marker.close()
        try fileSystem.fsyncDirectory(path)
        let lock = try DataDirectory.takeLock(path, fileSystem, process: nil)
        for name in try fileSystem.names(in: path)
        where name != FileName.unfinished && name != FileName.lock {
            try fileSystem.unlink(target.file(name))
        }
        return (target, lock)
    }
}
