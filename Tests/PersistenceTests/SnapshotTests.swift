import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

@Suite("Snapshots")
struct SnapshotTests {
    private let disk = FaultyFileSystem()
    private static let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))

    @Test("what was put in comes back, chunk by chunk and in order")
    func roundTrip() async throws {
        let log = try Fixture.open(in: disk)
        for shard: UInt16 in [0, 1, 1] { try await log.put(TestRecord("x"), shard: shard) }
        let full = SeededRandom(seed: 1).bytes(SnapshotFormat.chunkBytesMax)
        let base = log.snapshotBase()
        let parts: [SnapshotPart] = [
            .of([Array("one".utf8), full, []], kind: 3, shard: 0, appliedRecord: 1),
            .of([], kind: 4, shard: 1, appliedRecord: 2),
            .of([Array("two".utf8)], kind: 9, shard: 1, appliedRecord: 2),
        ]
        #expect(log.latestSnapshot() == nil)
        #expect(log.bytesSinceSnapshot > 0)
        try log.putSnapshot(parts, base: base)
        #expect(log.bytesSinceSnapshot == 0)
        await log.shutDown()
        let again = try Fixture.open(in: disk)
        let snapshot = try #require(again.latestSnapshot())
        #expect(again.snapshotBytes == snapshot.bytes)
        #expect(snapshot.base.frame == 3)
        #expect(snapshot.base.records == base.records)
        var chunks: [(SnapshotPartHeader, [UInt8])] = []
        try snapshot.forEachChunk { chunks.append(($0, $1)) }
        let first = SnapshotPartHeader(kind: 3, shard: ShardID(0), appliedRecord: 1)
        let second = SnapshotPartHeader(kind: 9, shard: ShardID(1), appliedRecord: 2)
        #expect(chunks.map(\.0) == [first, first, first, second])
        #expect(chunks.map(\.1) == [Array("one".utf8), full, [], Array("two".utf8)])
        await again.shutDown()
    }

    @Test("two are kept, and the log is trimmed only below the older one")
    func trim() async throws {
        let log = try Fixture.open(in: disk)
        var segmentsSeen: [[UInt64]] = []
        for _ in 0..<3 {
            for _ in 0..<6 { _ = try await log.putWhenReady(Self.large) }
            try put(log)
            segmentsSeen.append(files.compactMap(FileName.firstFrame(ofSegment:)).sorted())
        }
        // Segments hold three frames each; the bases are frames 6, 12 and 18.
        #expect(segmentsSeen == [[1, 4], [7, 10], [13, 16]])
        #expect(files.compactMap(FileName.frame(ofSnapshot:)).sorted() == [12, 18])
        await log.shutDown()
        let again = try Fixture.open(in: disk)
        #expect(try again.records(after: [ShardID(0): 12])[0]?.count == 6)
        await again.shutDown()
    }

    @Test("when the newest is rotten the older one and a longer log take its place")
    func fallback() async throws {
        try await trimmedLog()
        disk.flip(bit: 5000, of: Fixture.snapshot(12))
        let log = try Fixture.open(in: disk)
        #expect(log.latestSnapshot()?.base.frame == 6)
        #expect(try log.records(after: [ShardID(0): 6])[0]?.count == 6)
        #expect(log.notices.count == 1)
        await log.shutDown()
    }

    @Test("without any snapshot a log that lost its beginning is refused")
    func nothingToStandOn() async throws {
        try await trimmedLog()
        let rotten = disk.copy()
        for frame: UInt64 in [6, 12] { rotten.flip(bit: 5000, of: Fixture.snapshot(frame)) }
        try expectRefusal(rotten, "both are rotten")
        for frame: UInt64 in [6, 12] { disk.replace(Fixture.snapshot(frame), with: nil) }
        #expect(throws: StorageError.self) { try Fixture.open(in: disk) }
        try expectRefusal(disk, "both are missing")
    }

    @Test("it is not published before the log has everything that it has")
    func notBeforeTheLog() async throws {
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        let base = log.snapshotBase()
        let isPublished = Signal()
        // The part says that it has record 2, which nobody has appended to the log so far.
        let part = SnapshotPart.of([[1]], shard: 0, appliedRecord: 2)
        let thread = try WorkerThread(name: "snapshot") {
            try? log.putSnapshot([part], base: base)
            isPublished.fire()
        }
        await disk.wait { $0.syncs(of: Fixture.file(FileName.newSnapshot)) == 1 }
        #expect(!isPublished.isFired)
        #expect(!files.contains(FileName.snapshot(frame: 1).text))
        try await log.put(TestRecord("two"))
        await isPublished.wait()
        thread.join()
        #expect(files.contains(FileName.snapshot(frame: 1).text))
        await log.shutDown()
    }

    @Test("one of another directory, or of another history, is refused")
    func foreign() async throws {
        let other = FaultyFileSystem()
        let stranger = try FileLog.open(
            Fixture.directory(in: other, id: DirectoryID(high: 1, low: 2)),
            segmentBytes: Fixture.segmentBytes, sealMilliseconds: Fixture.neverMilliseconds,
            onFatal: { _ in })
        let sibling = FaultyFileSystem()
        let twin = try Fixture.open(in: sibling)
        let log = try Fixture.open(in: disk)
        for (log, text) in [(stranger, "one"), (twin, "two"), (log, "one")] {
            try await log.put(TestRecord(text))
            try put(log)
            await log.shutDown()
        }
        let name = FileName.snapshot(frame: 1).text
        for source in [other, sibling] {
            let snapshot = try #require(source.contents(of: Fixture.path)[name])
            let copy = disk.copy()
            copy.replace(Fixture.file(name), with: snapshot)
            try expectRefusal(copy, "a foreign snapshot")
        }
    }

    @Test("one that knows more than the log proves that the log's end is missing")
    func endOfLogMissing() async throws {
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        let early = try #require(
            disk.contents(of: Fixture.path)[
                FileName.segment(firstFrame: 1).text])
        try await log.put(TestRecord("two"))
        try put(log)
        await log.shutDown()
        disk.replace(Fixture.segment(1), with: early)
        try expectRefusal(disk, "the log ends before the snapshot's base")
    }

    @Test("what an interrupted one has left is removed, and a failed one gives its room back")
    func leftovers() async throws {
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        disk.failOnce(.write, namePrefix: FileName.newSnapshot, skipping: 1, errno: 28)
        #expect(throws: StorageError.self) { try put(log) }
        #expect(!files.contains(FileName.newSnapshot))
        #expect(log.latestSnapshot() == nil)
        await log.shutDown()
        disk.replace(Fixture.file(FileName.newSnapshot), with: [1, 2, 3])
        let again = try Fixture.open(in: disk)
        #expect(!files.contains(FileName.newSnapshot))
        try put(again)
        #expect(again.latestSnapshot()?.base.frame == 2)
        // Nothing happened since, so nothing is written.
        try put(again)
        #expect(files.compactMap(FileName.frame(ofSnapshot:)) == [2])
        await again.shutDown()
    }

    private var files: [String] { Array(disk.contents(of: Fixture.path).keys) }

    private func put(_ log: FileLog) throws {
        let base = log.snapshotBase()
        try log.putSnapshot([.of(SeededRandom(seed: 2).bytes(1000), at: base)], base: base)
    }

    /// Snapshots at frames 6 and 12, and no log before frame 7.
    private func trimmedLog() async throws {
        let log = try Fixture.open(in: disk)
        for number in 1...12 {
            _ = try await log.putWhenReady(Self.large)
            if number.isMultiple(of: 6) { try put(log) }
        }
        await log.shutDown()
        #expect(files.compactMap(FileName.firstFrame(ofSegment:)).min() == 7)
    }
}
