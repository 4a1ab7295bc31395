extension FileLog {
    /// So many snapshots are kept: when the newest turns out to be rotten, there is another.
    private static let snapshotsKept = 2

    package func snapshotBase() -> SnapshotBase {
        state.withLock { state in
            SnapshotBase(
                frame: state.tail.frame, records: .byShard(state.tail.streams.map(\.record)),
                digest: state.tail.digest, logBytes: state.bytesSinceSnapshot)
        }
    }

    package func latestSnapshot() -> SnapshotFile? { state.withLock { $0.snapshots.last } }

    package var bytesSinceSnapshot: UInt64 { state.withLock { $0.bytesSinceSnapshot } }

    package var snapshotBytes: UInt64 { state.withLock { $0.snapshots.last?.bytes ?? 0 } }

    package func putSnapshot(_ parts: [SnapshotPart], base: SnapshotBase) throws(StorageError) {
        // Nothing happened since the newest one: it would get the same name.
        if let newest = latestSnapshot(), newest.header.frame >= base.frame { return }
        let header = SnapshotHeader(
            directory: directory.id, createdAtMilliseconds: WallMilliseconds.now(),
            frame: base.frame, digest: base.digest,
            records: (0..<shardCount).map { base.records[ShardID(UInt16($0)), default: 0] })
        let file = try SnapshotWriter(directory: directory)
            .write(parts, header: header, waitingUntilDurable: waitUntilDurable)
        let (oldSnapshots, oldSegments) = state.withLock { state in
            state.snapshots.append(file)
            state.bytesSinceSnapshot -= min(state.bytesSinceSnapshot, base.logBytes)
            return state.trim(keeping: Self.snapshotsKept)
        }
        for snapshot in oldSnapshots { try remove(snapshot.path) }
        for segment in oldSegments {
            try remove(directory.file(FileName.segment(firstFrame: segment).text))
        }
    }

    /// Each name is gone for good before the next goes: losing power between can't leave a gap in
    /// the middle of the log, or a snapshot without the log that follows it.
    private func remove(_ path: String) throws(StorageError) {
        try directory.fileSystem.unlink(path)
        try directory.fileSystem.fsyncDirectory(directory.path)
    }
}

extension FileLog.State {
    /// Forgets what no kept snapshot needs; answers what has to be deleted.
    ///
    /// A segment goes when the next one begins at or before the frame after the oldest kept base.
    /// The beginning of the log stays until two snapshots exist.
    mutating func trim(keeping count: Int) -> (snapshots: [SnapshotFile], segments: [UInt64]) {
        guard snapshots.count >= count else { return ([], []) }
        let old = Array(snapshots.dropLast(count))
        snapshots.removeFirst(old.count)
        let base = snapshots[0].header.frame
        var useless: [UInt64] = []
        while segments.count > 1, segments[1] <= base + 1 { useless.append(segments.removeFirst()) }
        return (old, useless)
    }
}
