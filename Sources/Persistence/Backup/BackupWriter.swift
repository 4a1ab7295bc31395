import Synchronization

/// Writes all that a data directory is into one file.
///
/// The file is a tar archive: `BACKUP` says what it is, then come the files of the directory, and
/// `SHA256SUMS` (as `sha256sum -c` reads it) comes last. It is written under a temporary name,
/// synced, read back and checked to the last record, and only then gets its name.
package struct BackupWriter {
    private let log: FrozenLog
    private let decoder: Verification.Decoder

    package init(_ log: FrozenLog, decoder: Verification.Decoder) {
        self.log = log
        self.decoder = decoder
    }

    private static let pieceBytes = 1 << 20
    private static let temporarySuffix = ".partial"
    /// EEXIST of errno.h.
    private static let exists: Int32 = 17

    /// - Parameter about: lines for people, in `BACKUP`.
    /// - Returns: the backup as it was read back.
    package func write(
        to path: String, about: String, in fileSystem: any FileSystem
    ) throws(StorageError) -> Backup {
        let parent = DataDirectory.parent(of: path)
        let name = String(path.split(separator: "/").last ?? "")
        guard try !fileSystem.names(in: parent).contains(name) else {
            throw .system(operation: "write", path: path, errno: Self.exists)
        }
        let temporary = path + Self.temporarySuffix
        do throws(StorageError) {
            try writeArchive(temporary, about, fileSystem)
            let backup = try Backup(temporary, in: fileSystem)
            let verification = try backup.verify(decoder: decoder)
            if let finding = verification.findings.first { throw finding }
            try fileSystem.rename(temporary, to: path)
            try fileSystem.fsyncDirectory(parent)
            return backup
        } catch {
            try? fileSystem.unlink(temporary)
            throw error
        }
    }

    private func writeArchive(
        _ path: String, _ about: String, _ fileSystem: any FileSystem
    ) throws(StorageError) {
        let file = try fileSystem.open(path, .replacing)
        defer { file.close() }
        var archive = Archive(file: file)
        try archive.add(FileBytes(Backup.about, Array(about.utf8)), named: Backup.about)
        for (name, source) in try sources() { try archive.add(source, named: name) }
        try archive.finish()
    }

    /// The directory's files as a start needs them, without the room that was kept for more.
    private func sources() throws(StorageError) -> [(name: String, file: any StorageFile)] {
        let directory = log.directory
        var manifest = directory.manifest.withLock { $0 }
        manifest.activeFirstFrame = log.segments[log.segments.count - 1]
        let text = Array(manifest.encoded.prefix { $0 != 0 })
        var sources: [(name: String, file: any StorageFile)] = [
            (FileName.manifest, FileBytes(FileName.manifest, text))
        ]
        for snapshot in log.snapshots {
            let name = FileName.snapshot(frame: snapshot.header.frame).text
            sources.append((name, try directory.fileSystem.open(snapshot.path, .reading)))
        }
        for segment in log.segments {
            let name = FileName.segment(firstFrame: segment).text
            let file = try directory.fileSystem.open(directory.file(name), .reading)
            let isNewest = segment == log.segments[log.segments.count - 1]
            let end = isNewest ? UInt64(log.ending.offset) : try endOfContent(file)
            sources.append((name, FileSlice(name, of: file, 0..<end)))
        }
        return sources
    }

    /// A frame never ends in a zero byte, so this is where the last one ends.
    private func endOfContent(_ file: any StorageFile) throws(StorageError) -> UInt64 {
        let bytes = try file.readAll()
        return UInt64(ByteScan.endOfContent(bytes, in: 0..<bytes.count))
    }

    /// An archive while it is written.
    private struct Archive {
        let file: any StorageFile
        private var offset: UInt64 = 0
        private var sums = ""
        private let now = WallMilliseconds.now() / 1000

        init(file: any StorageFile) { self.file = file }

        mutating func add(_ source: any StorageFile, named name: String) throws(StorageError) {
            let bytes = try source.size()
            try write(Tar.header(name: name, bytes: bytes, modifiedAtSeconds: now))
            var hash = RunningSHA256()
            var done: UInt64 = 0
            while done < bytes {
                let count = Int(min(UInt64(pieceBytes), bytes - done))
                let piece = try source.read(count, at: done)
                guard piece.count == count else {
                    throw .corrupt(file: name, offset: done, reason: "it became shorter")
                }
                hash.update(piece, in: 0..<count)
                try write(piece)
                done += UInt64(count)
            }
            try write([UInt8](repeating: 0, count: Tar.padding(after: bytes)))
            sums += Backup.sumLine(hash.finish(), name)
        }

        mutating func finish() throws(StorageError) {
            let text = Array(sums.utf8)
            try write(
                Tar.header(
                    name: Backup.sums, bytes: UInt64(text.count), modifiedAtSeconds: now))
            try write(text)
            try write([UInt8](repeating: 0, count: Tar.padding(after: UInt64(text.count))))
            try write(Tar.end)
            try file.fsync()
        }

        private mutating func write(_ bytes: [UInt8]) throws(StorageError) {
            try file.write(bytes, at: offset)
            offset += UInt64(bytes.count)
        }
    }
}
