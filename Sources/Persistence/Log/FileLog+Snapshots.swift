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
        try putSnapshot(parts, base: base, waitingUntilDurable: waitUntilDurable)
    }

    /// - Parameter waitingUntilDurable: returns when the record of the shard is on the disk.
    package func putSnapshot(
        _ parts: [SnapshotPart], base: SnapshotBase,
        waitingUntilDurable: (ShardID, UInt64) -> Void
    ) throws(StorageError) {
        // Nothing happened since the newest one: it would get the same name.
        if let newest = latestSnapshot(), newest.header.frame >= base.frame { return }
        let header = SnapshotHeader(
            directory: directory.id, createdAtMilliseconds: directory.clock(),
            frame: base.frame, digest: base.digest,
            records: (0..<shardCount).map { base.records[ShardID(UInt16($0)), default: 0] })
        let file = try SnapshotWriter(directory: directory)
            .write(parts, header: header, waitingUntilDurable: waitingUntilDurable)
        state.withLock { state in
            state.snapshots.append(file)
            state.bytesSinceSnapshot -= min(state.bytesSinceSnapshot, base.logBytes)
            state.trim(keeping: Self.snapshotsKept)
        }
        while let name = state.withLock({ $0.useless.first }) {
            try remove(directory.file(name.text))
            state.withLock { $0.removedUseless() }
        }
    }

    /// Each name is gone for good before the next goes: losing power between can't leave a gap in
    /// the middle of the log, or a snapshot without the log that follows it.
    private func remove(_ path: String) throws(StorageError) {
        do throws(StorageError) {
            try directory.fileSystem.unlink(path)
        } catch  where error.isNoSuchFile {
            // An attempt before this one came as far as the unlink.
        }
        try directory.fileSystem.fsyncDirectory(directory.path)
    }
}

extension LogState {
    /// Forgets what no kept snapshot needs, and notes what has to be deleted: the snapshots, then
    /// the segments, oldest first.
    ///
    /// A segment goes when the next one begins at or before the frame after the oldest kept base.
    /// The beginning of the log stays until two snapshots exist. What could not be deleted the last
    /// time comes first: to go on behind it would leave a gap in the log.
    mutating func trim(keeping count: Int) {
        guard snapshots.count >= count else { return }
        for snapshot in snapshots.dropLast(count) {
            useless.append(.snapshot(frame: snapshot.header.frame))
        }
        snapshots.removeFirst(snapshots.count - count)
        let base = snapshots[0].header.frame
        while segments.count > 1, segments[1] <= base + 1 {
            useless.append(.segment(firstFrame: segments.removeFirst()))
        }
    }

    mutating func removedUseless() { useless.removeFirst() }
}
