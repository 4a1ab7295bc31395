/// Writes a snapshot under a temporary name, reads it back, and only then gives it its real one.
struct SnapshotWriter {
    let directory: DataDirectory

    /// - Parameter waitingUntilDurable: waits until what the parts have applied is on the disk. A
    ///   snapshot must never know more than the log: its actors apply a moment before the disk has
    ///   written.
    func write(
        _ parts: [SnapshotPart], header: SnapshotHeader,
        waitingUntilDurable: (ShardID, UInt64) -> Void
    ) throws(StorageError) -> SnapshotFile {
        let fileSystem = directory.fileSystem
        let temporary = directory.file(FileName.newSnapshot)
        let verified: SnapshotFile
        do throws(StorageError) {
            try writeFile(temporary, parts, header)
            verified = try SnapshotFile(verifying: temporary, in: fileSystem)
        } catch {
            // The room that it took is given back at once: a full disk is the likeliest reason.
            try? fileSystem.unlink(temporary)
            throw error
        }
        for part in parts { waitingUntilDurable(part.shard, part.appliedRecord) }
        let path = directory.file(FileName.snapshot(frame: header.frame).text)
        try fileSystem.rename(temporary, to: path)
        try fileSystem.fsyncDirectory(directory.path)
        return verified.renamed(to: path)
    }

    private func writeFile(
        _ path: String, _ parts: [SnapshotPart], _ header: SnapshotHeader
    ) throws(StorageError) {
        var snapshot = try NewSnapshot(
            try directory.fileSystem.open(path, .replacing), header: header)
        defer { snapshot.close() }
        for part in parts {
            let partHeader = SnapshotPartHeader(
                kind: part.kind, shard: part.shard, appliedRecord: part.appliedRecord)
            while let chunk = part.nextChunk() { try snapshot.add(partHeader, chunk: chunk) }
        }
        try snapshot.end()
        try snapshot.sync()
    }
}
