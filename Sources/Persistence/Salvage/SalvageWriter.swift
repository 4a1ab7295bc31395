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
