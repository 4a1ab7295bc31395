/// The check of every byte of a data directory, without changing one.
///
/// It goes by the rules of recovery (`LogScan`, `SnapshotFile`), so it finds whole what a start
/// accepts. Unlike a start it does not stop at the first damage, reads records and chunks as well,
/// and holds a damaged snapshot against the directory even when an older one is there.
package struct Verification {
    package enum Role: String, Sendable {
        case manifest
        case segment
        case snapshot
        /// Bytes of an unfinished write that an earlier start has cut off.
        case tornWrite = "torn write"
        /// Room for what is to come, or left over from an interrupted write.
        case temporary
        case lock
        /// None of ours.
        case other
    }

    package enum Verdict: Sendable, Equatable {
        case whole
        /// An unfinished write of so many bytes, never acknowledged: a start cuts it off.
        case torn(offset: UInt64, bytes: UInt64)
        /// Whole, and of no use: older than the log that is left.
        case superfluous
        case damaged(StorageError)
        /// Nothing in it can be checked, and no start looks into it.
        case ignored
    }

    package struct File: Sendable {
        package let name: String
        package let role: Role
        package var frames = 0
        package var records = 0
        package var bytes: UInt64 = 0
        package var verdict = Verdict.whole
    }

    /// What understands the records and chunks; both throw when they can't.
    package struct Decoder: Sendable {
        let section: @Sendable (LoggedSection) throws -> Void
        let chunk: @Sendable (SnapshotPartHeader, [UInt8]) throws -> Void

        package init(
            section: @escaping @Sendable (LoggedSection) throws -> Void,
            chunk: @escaping @Sendable (SnapshotPartHeader, [UInt8]) throws -> Void
        ) {
            self.section = section
            self.chunk = chunk
        }
    }

    /// By name; what is missing comes last.
    package private(set) var files: [File] = []
    /// What is wrong, in the order in which it was found.
    package private(set) var findings: [StorageError] = []
    /// The newest frame, and when it was written (Unix milliseconds); nil for an empty log.
    package private(set) var newestFrame: (number: UInt64, writtenAt: UInt64)?

    package var isWhole: Bool { findings.isEmpty }
    package var frames: Int { files.reduce(0) { $0 + $1.frames } }
    package var records: Int { files.reduce(0) { $0 + $1.records } }
    package var bytes: UInt64 { files.reduce(0) { $0 + $1.bytes } }

    private let path: String
    private let fileSystem: any FileSystem
    private let decoder: Decoder

    /// - Throws: `.locked` when a server runs, `.system` when the directory can't be read. What is
    ///   wrong inside of it is in `findings`.
    package init(
        _ path: String, in fileSystem: any FileSystem, decoder: Decoder
    ) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        self.decoder = decoder
        let lock = try DataDirectory.holdLock(of: path, in: fileSystem)
        defer { lock.close() }
        let names = try fileSystem.names(in: path).sorted()
        let segments = names.compactMap(FileName.firstFrame(ofSegment:)).sorted()
        let snapshots = names.compactMap(FileName.frame(ofSnapshot:)).sorted()
        if let manifest = try checkManifest(segments: segments) {
            let directory = DataDirectory(
                path: path, fileSystem: fileSystem, manifest: manifest, lock: lock)
            let checked = check(snapshots)
            let log = check(segments, of: directory, marks: Set(checked.map(\.header.frame)))
            compare(checked, with: log, directory)
            checkBeginning(segments, checked)
        }
        for name in names where role(of: name) == nil {
            try add(name, rest(name))
        }
        files.sort { $0.name < $1.name }
    }

    // MARK: Files

    private func role(of name: String) -> Role? {
        if name == FileName.manifest { return .manifest }
        if FileName.firstFrame(ofSegment: name) != nil { return .segment }
        return FileName.frame(ofSnapshot: name) != nil ? .snapshot : nil
    }

    private func rest(_ name: String) -> Role {
        if name == FileName.lock { return .lock }
        if FileName.isTemporary(name) { return .temporary }
        return name.hasPrefix("torn-") && name.hasSuffix(".bin") ? .tornWrite : .other
    }

    private mutating func add(_ name: String, _ role: Role) throws(StorageError) {
        var file = File(name: name, role: role, verdict: .ignored)
        // Sockets can't be opened, and folders have no bytes; neither is looked into anyway.
        file.bytes = (try? fileSystem.open(path + "/" + name, .reading).size()) ?? 0
        files.append(file)
    }

    /// A system's error is not damage: nothing can be said when a file can't be read.
    private mutating func report(_ error: StorageError, _ file: inout File) {
        file.verdict = .damaged(error)
        findings.append(error)
    }

    // MARK: Manifest

    private mutating func checkManifest(segments: [UInt64]) throws(StorageError) -> Manifest? {
        var file = File(name: FileName.manifest, role: .manifest)
        defer { files.append(file) }
        do throws(StorageError) {
            let manifest = try DataDirectory.readManifest(path, fileSystem)
            file.bytes = UInt64(Manifest.bytesMax)
            return manifest
        } catch .system(let operation, let path, let errno) {
            throw .system(operation: operation, path: path, errno: errno)
        } catch {
            report(error, &file)
            return Manifest(standingInFor: segments, path: path, fileSystem: fileSystem)
        }
    }

    // MARK: Snapshots

    private mutating func check(_ frames: [UInt64]) -> [SnapshotFile] {
        var whole: [SnapshotFile] = []
        for frame in frames {
            let name = FileName.snapshot(frame: frame).text
            var file = File(name: name, role: .snapshot)
            do throws(StorageError) {
                var blocks = 0
                let decoder = decoder
                let snapshot = try SnapshotFile(
                    verifying: path + "/" + name, in: fileSystem
                ) { header, chunk throws(StorageError) in
                    blocks += 1
                    do {
                        try decoder.chunk(header, chunk)
                    } catch {
                        throw .notUnderstood(error, file: path + "/" + name, offset: 0)
                    }
                }
                file.records = blocks
                file.bytes = snapshot.bytes
                whole.append(snapshot)
            } catch {
                file.bytes = (try? fileSystem.open(path + "/" + name, .reading).size()) ?? 0
                report(error, &file)
            }
            files.append(file)
        }
        return whole
    }

    // MARK: Segments

    /// What is known of the log once all segments have been read.
    private struct Log {
        var scan: LogScan
        var marks: [UInt64: LogScan.Mark] = [:]
        var isWhole = true
    }

    private mutating func check(
        _ segments: [UInt64], of directory: DataDirectory, marks wanted: Set<UInt64>
    ) -> Log {
        var log = Log(scan: LogScan(directory: directory, marksWanted: wanted))
        var continues = false
        for (index, segment) in segments.enumerated() {
            var file = File(
                name: FileName.segment(firstFrame: segment).text, role: .segment)
            let counter = FrameCounter(decoder)
            log.scan.visit = counter.visit
            do throws(StorageError) {
                let ending = try log.scan.scan(
                    segment: segment, isFirst: !continues, isNewest: index == segments.count - 1)
                file.bytes = UInt64(ending.fileBytes)
                if let end = ending.tornEnd {
                    file.verdict = .torn(
                        offset: UInt64(ending.offset), bytes: UInt64(end - ending.offset))
                }
                continues = true
            } catch {
                let whole = try? fileSystem.open(path + "/" + file.name, .reading).size()
                file.bytes = whole ?? 0
                report(error, &file)
                log.isWhole = false
                // What follows is checked by itself: its header says where it begins.
                continues = false
                log.marks.merge(log.scan.marks) { $1 }
                log.scan = LogScan(directory: directory, marksWanted: wanted)
            }
            file.frames = counter.frames
            file.records = counter.records
            if counter.frames > 0 { newestFrame = (counter.newest, counter.writtenAt) }
            files.append(file)
        }
        log.marks.merge(log.scan.marks) { $1 }
        do throws(StorageError) {
            try LogRecovery.checkAgainstManifest(segments, directory)
        } catch {
            findings.append(error)
            if case .missing(let missing, _) = error {
                let name = String(missing.dropFirst(path.utf8.count + 1))
                files.append(File(name: name, role: .segment, verdict: .damaged(error)))
            }
            log.isWhole = false
        }
        return log
    }

    // MARK: One history

    private mutating func compare(
        _ snapshots: [SnapshotFile], with log: Log, _ directory: DataDirectory
    ) {
        for snapshot in snapshots {
            guard let place = files.firstIndex(where: { path + "/" + $0.name == snapshot.path })
            else { continue }
            do throws(StorageError) {
                // Against a log with holes only what is there can be compared.
                guard log.isWhole || log.marks[snapshot.header.frame] != nil else { continue }
                if log.isWhole, try !LogRecovery.belongs(snapshot, to: log.scan, directory) {
                    files[place].verdict = .superfluous
                }
            } catch {
                files[place].verdict = .damaged(error)
                findings.append(error)
            }
        }
    }

    private mutating func checkBeginning(_ segments: [UInt64], _ snapshots: [SnapshotFile]) {
        guard let first = segments.first, first > 1 else { return }
        guard !snapshots.contains(where: { $0.header.frame + 1 >= first }) else { return }
        findings.append(
            .missing(
                file: path + "/snapshot-*.snap",
                reason: "the log begins at frame \(first) and no usable snapshot is left for it "
                    + "to stand on"))
    }
}

extension StorageError {
    /// What passes its checksums and can't be read was written by a newer version, or by a bug.
    static func notUnderstood(_ error: any Error, file: String, offset: UInt64) -> StorageError {
        if let error = error as? StorageError { return error }
        return .corrupt(
            file: file, offset: offset,
            reason: "it passes its checksums and can't be understood (\(error)); "
                + "was it written by a newer version?")
    }
}

extension Manifest {
    /// Enough of a manifest to read the log of a directory that has lost its own: from the first
    /// segment whose header is whole. Nil without one.
    init?(standingInFor segments: [UInt64], path: String, fileSystem: any FileSystem) {
        guard let newest = segments.last else { return nil }
        for segment in segments {
            let file = path + "/" + FileName.segment(firstFrame: segment).text
            guard
                let bytes = try? fileSystem.open(file, .reading).read(SegmentHeader.bytes, at: 0),
                let header = try? SegmentHeader(bytes, file: file)
            else { continue }
            self.init(
                directory: header.directory, shardCount: header.tail.streams.count,
                activeFirstFrame: newest, metadata: [])
            return
        }
        return nil
    }
}

/// Counts what a scan goes over, and reads the records of it.
private final class FrameCounter {
    private let decoder: Verification.Decoder
    private(set) var frames = 0
    private(set) var records = 0
    private(set) var newest: UInt64 = 0
    private(set) var writtenAt: UInt64 = 0

    init(_ decoder: Verification.Decoder) { self.decoder = decoder }

    func visit(_ frame: ReadFrame, _ bytes: [UInt8], _ path: String) throws(StorageError) {
        do {
            for section in try FrameReader.sections(of: frame, in: bytes) {
                records += section.recordCount
                try decoder.section(
                    section.logged(in: bytes, wallMilliseconds: frame.wallMilliseconds))
            }
        } catch {
            throw .notUnderstood(error, file: path, offset: UInt64(frame.range.lowerBound))
        }
        frames += 1
        newest = frame.number
        writtenAt = frame.wallMilliseconds
    }
}
