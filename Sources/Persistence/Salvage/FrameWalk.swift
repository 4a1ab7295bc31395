/// Goes through all that is left of a log, over every damage, and finds the runs of frames that
/// prove each other. What recovery refuses as a whole is looked at piece by piece here; nothing is
/// believed that recovery would not believe.
struct FrameWalk {
    /// What ended a run.
    struct Damage: Sendable {
        let error: StorageError
        /// The last whole frame before it and when it was written; nil when it is the first thing
        /// in the log.
        let before: (frame: UInt64, writtenAt: UInt64)?
        /// The place in `runs` of what is whole again behind it; nil when nothing is.
        var next: Int?
    }

    private(set) var runs: [FrameRun] = []
    private(set) var damages: [Damage] = []
    /// An unfinished write at the end, which is no damage.
    private(set) var torn: (file: String, offset: UInt64, bytes: UInt64)?

    private let path: String
    private let fileSystem: any FileSystem
    private let directory: DirectoryID
    private let shardCount: Int
    private let marksWanted: Set<UInt64>
    private let isUnderstood: (LoggedSection) throws -> Void
    /// Whether the next frame may continue the last run.
    private var isOpen = false

    /// - Parameter isUnderstood: throws when a section's records can't be read.
    init(
        _ path: String, in fileSystem: any FileSystem, directory: DirectoryID, shardCount: Int,
        marksWanted: Set<UInt64> = [],
        isUnderstood: @escaping (LoggedSection) throws -> Void = { _ in }
    ) {
        self.path = path
        self.fileSystem = fileSystem
        self.directory = directory
        self.shardCount = shardCount
        self.marksWanted = marksWanted
        self.isUnderstood = isUnderstood
    }

    /// - Parameter body: shown every whole frame, with the place of its run.
    /// - Throws: only what the system says; damage is in `damages`.
    mutating func walk(
        _ segments: [UInt64],
        _ body: (ReadFrame, [UInt8], Int) throws(StorageError) -> Void = { _, _, _ in }
    ) throws(StorageError) {
        for (index, segment) in segments.enumerated() {
            try walk(segment, isNewest: index == segments.count - 1, body)
        }
    }

    private mutating func walk(
        _ segment: UInt64, isNewest: Bool,
        _ body: (ReadFrame, [UInt8], Int) throws(StorageError) -> Void
    ) throws(StorageError) {
        let file = path + "/" + FileName.segment(firstFrame: segment).text
        let bytes = try fileSystem.open(file, .reading).readAll()
        begin(bytes, file, segment)
        var offset = SegmentHeader.bytes
        while offset < bytes.count {
            switch FrameReader.read(bytes, at: offset) {
            case .valid(let frame):
                if take(frame, bytes, file) { try body(frame, bytes, runs.count - 1) }
                offset = frame.range.upperBound
            case .futureVersion(let found):
                report(
                    .futureVersion(file: file, found: found, supported: UInt16(Frame.version)))
                return
            case .invalid(let reason, let trustedLength):
                let end = ByteScan.endOfContent(bytes, in: offset..<bytes.count)
                if end == offset, trustedLength == nil { return }
                let newest = runs.last?.lastFrame ?? 0
                let later = TornTail.laterFrame(bytes, after: offset, newerThan: newest)
                if later == nil, isNewest,
                    TornTail.isTorn(
                        bytes, at: offset, contentEnd: end, trustedLength: trustedLength)
                {
                    torn = (file, UInt64(offset), UInt64(end - offset))
                    return
                }
                report(.corrupt(file: file, offset: UInt64(offset), reason: reason))
                guard let later else { return }
                offset = later
            }
        }
    }

    private mutating func begin(_ bytes: [UInt8], _ file: String, _ segment: UInt64) {
        do throws(StorageError) {
            let header = try SegmentHeader(bytes, file: file)
            guard header.directory == directory, header.firstFrame == segment,
                header.tail.streams.count == shardCount
            else {
                throw .corrupt(file: file, offset: 0, reason: "it belongs to another log or place")
            }
            if isOpen, let last = runs.last, last.tail == header.tail { return }
            if let last = runs.last, last.tail != header.tail, isOpen {
                report(
                    .corrupt(
                        file: file, offset: 0,
                        reason: "it does not continue the log, which ends at frame "
                            + "\(last.lastFrame) before it"))
            }
            open(FrameRun(after: header.tail, marksWanted: marksWanted))
        } catch {
            report(error)
        }
    }

    /// Answers whether the frame is part of a run now.
    private mutating func take(_ frame: ReadFrame, _ bytes: [UInt8], _ file: String) -> Bool {
        do {
            for section in try FrameReader.sections(of: frame, in: bytes) {
                try isUnderstood(
                    section.logged(in: bytes, wallMilliseconds: frame.wallMilliseconds))
            }
        } catch {
            report(.notUnderstood(error, file: file, offset: UInt64(frame.range.lowerBound)))
            return false
        }
        if isOpen {
            do throws(ChainBreak) {
                try runs[runs.count - 1].take(frame, in: bytes, marksWanted: marksWanted)
                return true
            } catch {
                report(
                    .corrupt(
                        file: file, offset: UInt64(frame.range.lowerBound), reason: error.reason))
            }
        }
        open(FrameRun(at: frame, shardCount: shardCount, marksWanted: marksWanted))
        do throws(ChainBreak) {
            try runs[runs.count - 1].take(frame, in: bytes, marksWanted: marksWanted)
            return true
        } catch {
            // Its sections make no sense even by themselves.
            isOpen = false
            return false
        }
    }

    private mutating func open(_ run: FrameRun) {
        runs.append(run)
        isOpen = true
        if let last = damages.indices.last, damages[last].next == nil {
            damages[last].next = runs.count - 1
        }
    }

    private mutating func report(_ error: StorageError) {
        let before = runs.last.flatMap { run in
            run.writtenAt.map { (frame: run.lastFrame, writtenAt: $0.upperBound) }
        }
        damages.append(Damage(error: error, before: before, next: nil))
        isOpen = false
    }
}
