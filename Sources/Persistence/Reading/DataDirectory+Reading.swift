import Synchronization

/// Looking at a data directory without changing a byte of it.
extension DataDirectory {
    /// The directory of a stopped server, for reading only. Its lock is held and not written, so
    /// that no server starts meanwhile.
    ///
    /// - Throws: `StorageError.locked` when a server runs, or why the manifest can't be read.
    package static func read(
        _ path: String, in fileSystem: any FileSystem
    ) throws(StorageError) -> DataDirectory {
        let lock = try holdLock(of: path, in: fileSystem)
        return try read(path, in: fileSystem, lock: lock)
    }

    static func read(
        _ path: String, in fileSystem: any FileSystem, lock: any StorageFile
    ) throws(StorageError) -> DataDirectory {
        DataDirectory(
            path: path, fileSystem: fileSystem, manifest: try readManifest(path, fileSystem),
            lock: lock)
    }

    static func readManifest(
        _ path: String, _ fileSystem: any FileSystem
    ) throws(StorageError) -> Manifest {
        let file = path + "/" + FileName.manifest
        guard try fileSystem.names(in: path).contains(FileName.manifest) else {
            throw .missing(
                file: file, reason: "without it this is no data directory, or it has lost its key")
        }
        return try Manifest(try fileSystem.open(file, .reading).readAll(), file: file)
    }

    /// Takes the lock through a descriptor that can't write. A directory without a lock file has
    /// never had a server, or is a copy: there is nothing to hold.
    static func holdLock(
        of path: String, in fileSystem: any FileSystem
    ) throws(StorageError) -> any StorageFile {
        let file = path + "/" + FileName.lock
        guard try fileSystem.names(in: path).contains(FileName.lock) else {
            return FileBytes(file, [])
        }
        let lock = try fileSystem.open(file, .reading)
        guard try lock.tryLock() else {
            throw .locked(directory: path, pid: pid(in: try lock.readAll()))
        }
        return lock
    }

    private static func pid(in lock: [UInt8]) -> Int32? {
        String(decoding: lock, as: UTF8.self).split(separator: "\n").first.flatMap { Int32($0) }
    }
}

/// Where the log of a running server ended, and what is needed to read it up to there: what the
/// server tells those who want to read beside it.
package struct LogExtent: Codable, Equatable, Sendable {
    /// The manifest's lines.
    package let manifest: String
    /// The newest durable frame.
    package let endFrame: UInt64
    /// The frames that name the snapshots, oldest first.
    package let snapshots: [UInt64]
    /// The first frames of the segments, oldest first; the last is the one that is written to.
    package let segments: [UInt64]
}

extension FileLog {
    /// What a start would read if the machine stopped now.
    package var extent: LogExtent {
        let (endFrame, snapshots, segments) = state.withLock { state in
            (state.tail.frame, state.snapshots.map(\.header.frame), state.segments)
        }
        var manifest = directory.manifest.withLock { $0 }
        manifest.activeFirstFrame = segments[segments.count - 1]
        let text = manifest.encoded.prefix { $0 != 0 }
        return LogExtent(
            manifest: String(decoding: text, as: UTF8.self), endFrame: endFrame,
            snapshots: snapshots, segments: segments)
    }
}

extension LogExtent {
    /// The same, without what the newest snapshot makes superfluous.
    package var newest: LogExtent {
        guard let base = snapshots.last else { return self }
        let first = segments.lastIndex { $0 <= base + 1 } ?? 0
        return LogExtent(
            manifest: manifest, endFrame: endFrame, snapshots: [base],
            segments: Array(segments[first...]))
    }
}

extension DataDirectory {
    /// The directory of a running server as it was when the extent was told. Its files are opened
    /// here and now: what the server deletes or appends afterwards changes nothing.
    ///
    /// - Throws: `StorageError.system` with ENOENT when the server has deleted a file in between;
    ///   ask it for a new extent then.
    package static func read(
        _ path: String, upTo extent: LogExtent, in fileSystem: any FileSystem
    ) throws(StorageError) -> DataDirectory {
        var files: [String: any StorageFile] = [
            FileName.manifest: FileBytes(FileName.manifest, Array(extent.manifest.utf8))
        ]
        for frame in extent.snapshots {
            let name = FileName.snapshot(frame: frame).text
            files[name] = try fileSystem.open(path + "/" + name, .reading)
        }
        for (index, segment) in extent.segments.enumerated() {
            let name = FileName.segment(firstFrame: segment).text
            let file = try fileSystem.open(path + "/" + name, .reading)
            let isActive = index == extent.segments.count - 1
            files[name] = isActive ? try cut(file, after: extent.endFrame) : file
        }
        return try read(
            path, in: ReadOnlyFiles(path, files: files), lock: FileBytes(FileName.lock, []))
    }

    /// What the server writes behind the frame is on its way to the disk, and no concern of ours.
    private static func cut(
        _ file: any StorageFile, after frame: UInt64
    ) throws(StorageError) -> FileSlice {
        let bytes = try file.readAll()
        var end = SegmentHeader.bytes
        while case .valid(let found) = FrameReader.read(bytes, at: end), found.number <= frame {
            end = found.range.upperBound
        }
        return FileSlice(file.path, of: file, 0..<UInt64(end))
    }
}
