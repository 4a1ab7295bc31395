import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

@Suite("The data directory")
struct DataDirectoryTests {
    private let disk = FaultyFileSystem()
    private static let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))

    @Test("a second server is told who holds the directory, until that one lets go")
    func lock() throws {
        let first = try Fixture.directory(in: disk)
        #expect(throws: StorageError.locked(directory: Fixture.path, pid: ownPID())) {
            try Fixture.directory(in: disk)
        }
        first.close()
        try Fixture.directory(in: disk).close()
    }

    @Test("the metadata of the first start is kept, and can be replaced")
    func metadata() async throws {
        let directory = try Fixture.directory(in: disk)
        #expect(directory.metadata == Fixture.metadata)
        try directory.replaceMetadata([1, 2, 3])
        directory.close()
        let log = try Fixture.open(in: disk)
        #expect(log.directory.metadata == [1, 2, 3])
        // A new segment brings a new manifest, which must not forget them.
        for _ in 0..<5 { _ = try await log.putWhenReady(Self.large) }
        await log.shutDown()
        let again = try Fixture.directory(in: disk)
        #expect(again.metadata == [1, 2, 3])
        #expect(again.manifest.withLock { $0.activeFirstFrame } == 4)
        again.close()
    }

    @Test("replacing the metadata leaves the old or the new ones, wherever the power goes")
    func replacingMetadata() throws {
        for operations in 0..<8 {
            for seed in 0..<4 {
                let disk = FaultyFileSystem()
                let directory = try Fixture.directory(in: disk)
                disk.cutPower(afterOperations: operations, isCarriedOut: seed.isMultiple(of: 2))
                let isDone = (try? directory.replaceMetadata([1, 2, 3])) != nil
                let after = disk.powerLoss(random: SeededRandom(seed: UInt64(seed)))
                let metadata = try Fixture.directory(in: after).metadata
                #expect(metadata == [1, 2, 3] || (!isDone && metadata == Fixture.metadata))
            }
        }
    }

    @Test("the number of shards is that of the first start")
    func shardCount() async throws {
        try Fixture.directory(in: disk, shardCount: 3).close()
        let log = try Fixture.open(in: disk, shardCount: 7)
        #expect(log.shardCount == 3)
        await log.shutDown()
    }

    @Test("a torn write is kept aside, and a later one at the same place beside it")
    func tornCopies() async throws {
        let name = FileName.segment(firstFrame: 1).text
        for _ in 0..<2 {
            try Fixture.directory(in: disk).close()
            var segment = try #require(disk.contents(of: Fixture.path)[name])
            segment[6000] = 1
            disk.replace(Fixture.file(name), with: segment)
            let log = try Fixture.open(in: disk)
            #expect(log.notices.count == 1)
            await log.shutDown()
        }
        let files = disk.contents(of: Fixture.path)
        let torn = files.filter { $0.key.hasPrefix("torn-") }
        #expect(torn.keys.sorted() == ["torn-1-4096-2.bin", "torn-1-4096.bin"])
        for bytes in torn.values {
            #expect(bytes == [UInt8](repeating: 0, count: 6000 - SegmentHeader.bytes) + [1])
        }
        let segment = try #require(files[name])
        #expect(ByteScan.isZero(segment, in: SegmentHeader.bytes..<segment.count))
    }

    @Test("a file that ought to be there is named, and nothing is changed")
    func missingFiles() async throws {
        let log = try Fixture.open(in: disk)
        for _ in 0..<10 { _ = try await log.putWhenReady(Self.large) }
        await log.shutDown()
        for (name, isCorrupt) in [
            (FileName.manifest, false), (FileName.segment(firstFrame: 10).text, false),
            (FileName.segment(firstFrame: 4).text, true),
            (FileName.segment(firstFrame: 1).text, false),
        ] {
            let copy = disk.copy()
            copy.replace(Fixture.file(name), with: nil)
            let before = copy.contents(of: Fixture.path)
            do {
                _ = try Fixture.open(in: copy)
                Issue.record("opened without \(name)")
            } catch StorageError.missing(let file, _) {
                #expect(!isCorrupt && (file == Fixture.file(name) || file.hasSuffix(".snap")))
            } catch StorageError.corrupt(let file, _, _) {
                // The gap shows in the segment after it.
                #expect(isCorrupt && file == Fixture.segment(7))
            }
            #expect(copy.contents(of: Fixture.path).withoutLock == before.withoutLock)
        }
    }

    @Test("what a newer version wrote is refused as that, and not as damage")
    func futureVersions() async throws {
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        try log.putSnapshot([], base: log.snapshotBase())
        await log.shutDown()
        let files = disk.contents(of: Fixture.path)
        let segmentName = FileName.segment(firstFrame: 1).text
        let snapshotName = FileName.snapshot(frame: 1).text

        var manifest = try #require(files[FileName.manifest])
        manifest.replaceSubrange(0..<22, with: Array("countersign manifest 2".utf8))
        try expectFuture(FileName.manifest, manifest, found: 2)

        var header = ByteWriter()
        header.writeRaw(try #require(files[segmentName]))
        var frame = header
        header.overwrite(UInt16(2), at: 8)
        header.overwrite(CRC32C.of(header.bytes, in: 8..<SegmentHeader.bytes), at: 4)
        try expectFuture(segmentName, header.bytes, found: 2)

        let start = SegmentHeader.bytes
        frame.overwrite(UInt8(2), at: start + 17)
        frame.overwrite(
            CRC32C.of(frame.bytes, in: start + 8..<start + Frame.headerBytes), at: start + 4)
        try expectFuture(segmentName, frame.bytes, found: 2)

        var snapshot = ByteWriter()
        snapshot.writeRaw(try #require(files[snapshotName]))
        snapshot.overwrite(UInt16(2), at: 8)
        let end = SnapshotFormat.headerBytes(shards: 4)
        snapshot.overwrite(CRC32C.of(snapshot.bytes, in: 8..<end), at: 4)
        try expectFuture(snapshotName, snapshot.bytes, found: 2)
    }

    private func expectFuture(_ name: String, _ bytes: [UInt8], found: UInt16) throws {
        let copy = disk.copy()
        copy.replace(Fixture.file(name), with: bytes)
        #expect(
            throws: StorageError.futureVersion(
                file: Fixture.file(name), found: found, supported: 1)
        ) { try Fixture.open(in: copy) }
        #expect(copy.contents(of: Fixture.path)[name] == bytes)
    }

    @Test("a crash before the manifest names a new segment is made good at the next start")
    func unnamedSegment() async throws {
        let log = try Fixture.open(in: disk)
        for _ in 0..<3 { _ = try await log.putWhenReady(Self.large) }
        let old = try #require(disk.contents(of: Fixture.path)[FileName.manifest])
        _ = try await log.putWhenReady(Self.large)
        await log.shutDown()
        disk.replace(Fixture.file(FileName.manifest), with: old)
        let again = try Fixture.open(in: disk)
        again.directory.manifest.withLock { #expect($0.activeFirstFrame == 4) }
        await again.shutDown()
        // So a loss of that segment is noticed from now on.
        disk.replace(Fixture.segment(4), with: nil)
        try expectRefusal(disk, "the newest segment is missing")
    }
}
