import Glibc
import Synchronization

/// A data directory that this process holds the lock of, its manifest read and nothing else
/// touched.
///
/// Opening the log is a second step (`FileLog.open`), so that a wrong key is found before recovery
/// changes a byte.
package final class DataDirectory: Sendable {
    package let path: String
    /// The same with the slash behind it.
    private let prefix: String
    package let shardCount: Int
    let fileSystem: any FileSystem
    let manifest: Mutex<Manifest>
    private let publishing = Mutex(())
    /// The time of day in Unix milliseconds, for stamps that nothing is decided by.
    let clock: @Sendable () -> UInt64
    private let lock: any StorageFile

    /// State is split over so many shards, for the life of the directory. Enough to spread over the
    /// cores and boxes of any deployment in sight; the number is part of every id.
    package static let defaultShardCount = 16

    init(
        path: String, fileSystem: any FileSystem, manifest: Manifest, lock: any StorageFile,
        clock: @escaping @Sendable () -> UInt64 = WallMilliseconds.now
    ) {
        self.path = path
        prefix = path + "/"
        self.fileSystem = fileSystem
        shardCount = manifest.shardCount
        self.manifest = Mutex(manifest)
        self.lock = lock
        self.clock = clock
    }

    /// What was stored beside the log: the wrapped data keys.
    package var metadata: [UInt8] { manifest.withLock { $0.metadata } }
    package var id: DirectoryID { manifest.withLock { $0.directory } }

    /// Takes the lock and reads the manifest; makes the directory first when there is none.
    ///
    /// - Parameters:
    ///   - id: the name that a new directory gets.
    ///   - clock: the time of day in Unix milliseconds.
    ///   - process: the number that the lock names; nil for our own.
    ///   - newMetadata: what a new directory keeps as its metadata.
    /// - Throws: `StorageError.locked` when another process holds it, `.corrupt`, `.missing` or
    ///   `.futureVersion` when the manifest can't be read. Only the lock file has been touched
    ///   then.
    package static func open(
        _ path: String, in fileSystem: any FileSystem, shardCount: Int = defaultShardCount,
        segmentBytes: Int, id: DirectoryID,
        clock: @escaping @Sendable () -> UInt64 = WallMilliseconds.now, process: Int32? = nil,
        newMetadata: () -> [UInt8]
    ) throws(StorageError) -> DataDirectory {
        try create(path, fileSystem)
        let lock = try takeLock(path, fileSystem, process: process)
        let names = try fileSystem.names(in: path)
        if names.contains(FileName.manifest) {
            let bytes = try fileSystem.open(path + "/" + FileName.manifest, .reading).readAll()
            let manifest = try Manifest(bytes, file: path + "/" + FileName.manifest)
            return DataDirectory(
                path: path, fileSystem: fileSystem, manifest: manifest, lock: lock,
                clock: clock)
        }
        guard !names.contains(FileName.unfinished) else {
            throw .missing(
                file: path + "/" + FileName.manifest,
                reason: "what was to be moved into the directory has not all arrived; "
                    + "do `countersign migrate --to directory` again")
        }
        try checkIsNew(path, names, fileSystem)
        let manifest = Manifest(
            directory: id, shardCount: shardCount, activeFirstFrame: 1, metadata: newMetadata())
        let directory = DataDirectory(
            path: path, fileSystem: fileSystem, manifest: manifest, lock: lock, clock: clock)
        try directory.initialise(segmentBytes: segmentBytes)
        return directory
    }

    /// Replaces the metadata, durably: after a crash either the old or the new ones are there.
    package func replaceMetadata(_ metadata: [UInt8]) throws(StorageError) {
        try change(over: FileName.newManifest) { $0.metadata = metadata }
    }

    /// Changes the manifest, one change at a time: the log names a new segment in it while somebody
    /// else may be replacing the metadata.
    func change(
        over name: String, _ body: (inout Manifest) -> Void
    ) throws(StorageError) {
        try publishing.withLock { _ throws(StorageError) in
            var changed = manifest.withLock { $0 }
            body(&changed)
            try publish(changed, over: name)
        }
    }

    /// Lets another process have the directory. The log must be closed.
    package func close() { lock.close() }

    func file(_ name: String) -> String { prefix + name }

    /// Nil where the file system does not say.
    package var freeBytes: UInt64? { try? fileSystem.freeBytes(at: path) }

    /// Puts a manifest into force, written over the file of this name.
    func publish(_ new: Manifest, over name: String) throws(StorageError) {
        let file = try fileSystem.open(file(name), .writingOrCreating)
        try file.write(new.encoded, at: 0)
        try file.fsync()
        file.close()
        try fileSystem.rename(self.file(name), to: self.file(FileName.manifest))
        try fileSystem.fsyncDirectory(path)
        manifest.withLock { $0 = new }
    }

    /// The directory's own name must be durable before anything in it can be.
    private static func create(
        _ path: String, _ fileSystem: any FileSystem
    ) throws(StorageError) {
        let parent = parent(of: path)
        if try fileSystem.createDirectory(path, permissions: 0o700) {
            try fileSystem.fsyncDirectory(parent)
        } else if try !fileSystem.names(in: path).contains(FileName.manifest) {
            // A first start may have been interrupted right here. But who was given an empty
            // directory need not be allowed to look at the one around it.
            do throws(StorageError) {
                try fileSystem.fsyncDirectory(parent)
            } catch  where error.isForbidden {
                // Then whoever gave it has also made its name durable, or nobody can.
            }
        }
    }

    static func parent(of path: String) -> String {
        let separator = UInt8(ascii: "/")
        var path = path.utf8[...]
        while path.count > 1, path.last == separator { path.removeLast() }
        guard let slash = path.lastIndex(of: separator) else { return "." }
        return slash == path.startIndex ? "/" : String(Substring(path[..<slash]))
    }

    static func takeLock(
        _ path: String, _ fileSystem: any FileSystem, process: Int32?
    ) throws(StorageError) -> any StorageFile {
        let lock = try fileSystem.open(path + "/" + FileName.lock, .writingOrCreating)
        guard try lock.tryLock() else {
            let text = String(decoding: try lock.readAll(), as: UTF8.self)
            let pid = text.split(separator: "\n").first.flatMap { Int32($0) }
            throw .locked(directory: path, pid: pid)
        }
        do throws(StorageError) {
            try lock.truncate(to: 0)
            try lock.write(Array("\(process ?? getpid())\n".utf8), at: 0)
        } catch  where error.isNoSpace {
            // The lock itself holds; only its holder's number is lost. A full disk must not keep a
            // server from starting to answer reads.
        }
        return lock
    }

    /// A directory without a manifest is new, or its first start did not come far: then the first
    /// segment has no frame yet. Anything else has lost its manifest.
    private static func checkIsNew(
        _ path: String, _ names: [String], _ fileSystem: any FileSystem
    ) throws(StorageError) {
        let first = FileName.segment(firstFrame: 1).text
        let others = names.filter {
            FileName.frame(ofSnapshot: $0) != nil
                || FileName.firstFrame(ofSegment: $0).map { $0 != 1 } ?? false
        }
        var hasFrames = false
        if names.contains(first) {
            let file = try fileSystem.open(path + "/" + first, .reading)
            let start = try file.read(Frame.headerBytes, at: UInt64(SegmentHeader.bytes))
            hasFrames = !ByteScan.isZero(start, in: 0..<start.count)
        }
        guard others.isEmpty, !hasFrames else {
            throw .missing(
                file: path + "/" + FileName.manifest,
                reason:
                    "the directory has log files, so it had a manifest; restore it from a backup")
        }
    }

    /// The segment comes before the manifest that names it: whatever has a manifest is complete.
    private func initialise(segmentBytes: Int) throws(StorageError) {
        let manifest = manifest.withLock { $0 }
        let name = FileName.segment(firstFrame: 1).text
        let segment = try fileSystem.open(file(name), .replacing)
        try segment.zero(0..<UInt64(segmentBytes))
        let header = SegmentHeader(
            directory: manifest.directory, createdAtMilliseconds: clock(),
            tail: LogTail(shardCount: manifest.shardCount))
        try segment.write(header.encoded, at: 0)
        try segment.fsync()
        segment.close()
        try fileSystem.fsyncDirectory(path)
        try publish(manifest, over: FileName.newManifest)
    }
}

/// The time of day, for stamps that nothing is decided by.
package enum WallMilliseconds {
    package static func now() -> UInt64 {
        var time = timespec()
        // Safe: `time` is initialised and lives for the call.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
