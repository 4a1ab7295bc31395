/// What can be proven of a damaged data directory, and what would be lost without the rest.
///
/// Two things can be built on: the beginning of the log up to the first damage, and a whole
/// snapshot with the frames that provably follow it. The one that reaches farthest is taken.
/// Nothing behind a hole is, however whole it looks: it may rest on what was in the hole.
package struct Salvage: Sendable {
    package struct Loss: Sendable {
        /// Whole frames behind the end, which stay unused.
        package var frames: UInt64 = 0
        package var records = 0
        package var recordsByKind: [UInt16: Int] = [:]
        /// Frames that can't be read at all, as far as the numbers around them tell.
        package var unreadableFrames: UInt64 = 0
        /// True when there is damage behind which nothing is whole, so that nobody can count.
        package var isOpenEnded = false
        /// From the first to the last frame that is lost, where one can be read.
        package var writtenAt: ClosedRange<UInt64>?

        package var isNothing: Bool { frames == 0 && unreadableFrames == 0 && !isOpenEnded }
    }

    /// The snapshot that everything stands on; nil when the log is whole from its beginning.
    package let snapshot: SnapshotFile?
    /// The newest frame that is kept.
    package let endFrame: UInt64
    /// When it was written; nil when that frame itself is not there any more.
    package let endWrittenAt: UInt64?
    package let keptFrames: UInt64
    package let loss: Loss
    /// What is wrong, in the log's order.
    package let damages: [Damage]

    /// One damage of the log, told for people.
    package struct Damage: Sendable {
        package let error: StorageError
        package let before: (frame: UInt64, writtenAt: UInt64)?
        /// What is whole again behind it.
        package let after: FrameRun?
    }

    let manifest: Manifest
    let path: String
    let fileSystem: any FileSystem
    let segments: [UInt64]
    /// The run whose frames are kept, by its first frame; nil for a snapshot alone.
    let run: FrameRun?

    /// - Throws: `.locked` beside a server; what is missing when nothing can be saved.
    package init(
        _ path: String, in fileSystem: any FileSystem, decoder: Verification.Decoder
    ) throws(StorageError) {
        let lock = try DataDirectory.holdLock(of: path, in: fileSystem)
        defer { lock.close() }
        // The wrapped data keys are in it: without them no second factor can be read again.
        let manifest = try DataDirectory.readManifest(path, fileSystem)
        let names = try fileSystem.names(in: path)
        let snapshots = Self.usable(names, path, fileSystem, manifest, decoder)
        segments = names.compactMap(FileName.firstFrame(ofSegment:)).sorted()
        var walk = FrameWalk(
            path, in: fileSystem, directory: manifest.directory, shardCount: manifest.shardCount,
            marksWanted: Set(snapshots.map(\.header.frame)), isUnderstood: decoder.section)
        try walk.walk(segments)
        let candidates = Candidate.all(snapshots, walk.runs)
        guard let best = candidates.max(by: { $0.rank < $1.rank }) else {
            throw .missing(
                file: path,
                reason: "neither the beginning of the log nor any snapshot is whole")
        }
        self.manifest = manifest
        self.path = path
        self.fileSystem = fileSystem
        run = best.run
        snapshot = best.snapshot
        endFrame = best.endFrame
        endWrittenAt = best.run?.writtenAt?.upperBound
        keptFrames = best.endFrame - (best.snapshot?.header.frame ?? 0)
        damages = walk.damages.map { damage in
            Damage(
                error: damage.error, before: damage.before,
                after: damage.next.map { walk.runs[$0] })
        }
        loss = Loss(behind: best.endFrame, walk)
    }

    private static func usable(
        _ names: [String], _ path: String, _ fileSystem: any FileSystem, _ manifest: Manifest,
        _ decoder: Verification.Decoder
    ) -> [SnapshotFile] {
        names.compactMap(FileName.frame(ofSnapshot:)).sorted().compactMap { frame in
            let file = path + "/" + FileName.snapshot(frame: frame).text
            let snapshot = try? SnapshotFile(
                verifying: file, in: fileSystem
            ) { header, chunk throws(StorageError) in
                do {
                    try decoder.chunk(header, chunk)
                } catch {
                    throw .notUnderstood(error, file: file, offset: 0)
                }
            }
            guard let snapshot, snapshot.header.directory == manifest.directory else { return nil }
            return snapshot
        }
    }
}

/// One way of putting a directory together again.
struct Candidate {
    let snapshot: SnapshotFile?
    let run: FrameRun?
    let endFrame: UInt64

    /// The one that reaches farthest; of two, the one that has more to replay less.
    var rank: (UInt64, UInt64) { (endFrame, snapshot?.header.frame ?? 0) }

    static func all(_ snapshots: [SnapshotFile], _ runs: [FrameRun]) -> [Candidate] {
        // The first frame proves itself: it continues the digest that every chain begins with.
        let beginnings = runs.filter { $0.firstFrame == 1 && $0.start.digest == .zero }.map {
            Candidate(snapshot: nil, run: $0, endFrame: $0.lastFrame)
        }
        let followed = snapshots.flatMap { snapshot in
            runs.filter { $0.follows(snapshot) }.map {
                Candidate(snapshot: snapshot, run: $0, endFrame: $0.lastFrame)
            }
        }
        let alone = snapshots.map {
            Candidate(snapshot: $0, run: nil, endFrame: $0.header.frame)
        }
        return beginnings + followed + alone
    }
}

extension FrameRun {
    /// Whether the run provably goes on from the snapshot's base, as far as the snapshot knows.
    func follows(_ snapshot: SnapshotFile) -> Bool {
        let header = snapshot.header
        guard let mark = marks[header.frame], mark.digest == header.digest else { return false }
        for shard in header.records.indices {
            let isConsistent = !isKnown[shard] || streamBase(shard, mark) == header.records[shard]
            let end = isKnown[shard] ? tail.streams[shard].record : header.records[shard]
            guard isConsistent, end >= snapshot.newestApplied[shard] else { return false }
        }
        return true
    }

    /// The shard's last record at the mark. A run that begins in the middle of the log learns where
    /// a shard stood from its first section. When that comes behind the mark, nothing came between,
    /// so the shard stood there at the mark as well.
    private func streamBase(_ shard: Int, _ mark: LogTail) -> UInt64 {
        let known = mark.streams[shard].record
        return known > 0 ? known : start.streams[shard].record
    }
}

extension Salvage.Loss {
    /// Everything behind the frame.
    init(behind end: UInt64, _ walk: FrameWalk) {
        var newest = end
        for run in walk.runs where run.lastFrame > end && run.frames > 0 {
            // The run that is kept ends exactly at the end, so this one is behind it altogether.
            if run.firstFrame > newest + 1 { unreadableFrames += run.firstFrame - newest - 1 }
            newest = max(newest, run.lastFrame)
            frames += run.frames
            records += run.records
            recordsByKind.merge(run.recordsByKind) { $0 + $1 }
            if let times = run.writtenAt {
                let known = writtenAt ?? times
                writtenAt =
                    min(
                        known.lowerBound, times.lowerBound)...max(
                        known.upperBound, times.upperBound)
            }
        }
        isOpenEnded = walk.damages.contains { damage in
            damage.next == nil && (damage.before?.frame ?? 0) >= end
        }
    }
}
