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

    /// A directory that is there, and holds what is to be in it at the most.
    init(cleared path: String, in fileSystem: any FileSystem) {
        self.path = path
        self.fileSystem = fileSystem
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
        var written = try NewSnapshot(
            try fileSystem.open(self.file(name), .replacing), header: header)
        defer { written.close() }
        do {
            try snapshot.forEachChunk { part, chunk in try written.add(part, chunk: chunk) }
        } catch {
            throw .notUnderstood(error, file: snapshot.path, offset: 0)
        }
        try written.end()
        try written.sync()
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
