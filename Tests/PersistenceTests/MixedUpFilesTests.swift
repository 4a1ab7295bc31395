import TestSupport
import Testing

@testable import Persistence

/// Files that are whole, each by itself, and do not belong together.
@Suite("Mixed up files")
struct MixedUpFilesTests {
    private static let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))
    private static let segmentName = FileName.segment(firstFrame: 1).text

    /// Directories with the same history to the byte, but for their names.
    private func twins() async throws -> [FaultyFileSystem] {
        var disks: [FaultyFileSystem] = []
        for low: UInt64 in [1, 2] {
            let disk = FaultyFileSystem()
            let directory = try DataDirectory.open(
                Fixture.path, in: disk, shardCount: 4, segmentBytes: Fixture.segmentBytes,
                id: DirectoryID(high: 7, low: low), clock: { 1 }, newMetadata: { [] })
            let log = try FileLog.open(
                directory, segmentBytes: Fixture.segmentBytes,
                sealMilliseconds: Fixture.neverMilliseconds, onFatal: { _ in })
            try await log.put(TestRecord("one"))
            let base = log.snapshotBase()
            try log.putSnapshot([.of([1], at: base)], base: base)
            await log.shutDown()
            disks.append(disk)
        }
        return disks
    }

    @Test(
        "a file of another directory with the same history",
        arguments: [segmentName, FileName.snapshot(frame: 1).text])
    func foreign(name: String) async throws {
        let disks = try await twins()
        let stranger = try #require(disks[1].contents(of: Fixture.path)[name])
        disks[0].replace(Fixture.file(name), with: stranger)
        try expectRefusal(disks[0], name)
    }

    /// A log of three segments, the last of which has one frame.
    private func threeSegments() async throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for _ in 0..<7 { _ = try await log.putWhenReady(Self.large) }
        let copy = disk.copy()
        await log.shutDown()
        return copy
    }

    @Test("a segment under another one's name")
    func wrongPlace() async throws {
        let disk = try await twins()[0]
        let files = disk.contents(of: Fixture.path)
        disk.replace(Fixture.snapshot(1), with: nil)
        disk.replace(Fixture.segment(1), with: nil)
        disk.replace(Fixture.segment(2), with: files[Self.segmentName])
        var manifest = try Manifest(try #require(files[FileName.manifest]), file: "")
        manifest.activeFirstFrame = 2
        disk.replace(Fixture.file(FileName.manifest), with: manifest.encoded)
        do throws(StorageError) {
            _ = try Fixture.open(in: disk)
            Issue.record("opened")
        } catch .corrupt(let file, _, _) {
            #expect(file == Fixture.segment(2))
        }
    }

    @Test("a gap in front of a segment that has no frame so far")
    func gapBeforeEmpty() async throws {
        let disk = try await threeSegments()
        var newest = try #require(
            disk.contents(of: Fixture.path)[FileName.segment(firstFrame: 7).text])
        for place in SegmentHeader.bytes..<newest.count { newest[place] = 0 }
        disk.replace(Fixture.segment(7), with: newest)
        let intact = try Fixture.open(in: disk.copy())
        #expect(try intact.records()[0]?.count == 6)
        await intact.shutDown()
        disk.replace(Fixture.segment(4), with: nil)
        try expectRefusal(disk, "a gap")
    }

    @Test("a log that ends before the base of its snapshot")
    func oldLog() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        let old = try #require(disk.contents(of: Fixture.path)[Self.segmentName])
        try await log.put(TestRecord("two"))
        let base = log.snapshotBase()
        try log.putSnapshot([.of([1], at: base)], base: base)
        await log.shutDown()
        try await Fixture.open(in: disk.copy()).shutDown()
        disk.replace(Fixture.segment(1), with: old)
        try expectRefusal(disk, "the end of the log is missing")
    }

    @Test("a manifest that is older than a crash can have left it")
    func oldManifest() async throws {
        let disk = try await threeSegments()
        let path = Fixture.file(FileName.manifest)
        let bytes = try #require(disk.contents(of: Fixture.path)[FileName.manifest])
        var manifest = try Manifest(bytes, file: path)
        manifest.activeFirstFrame = 4
        disk.replace(path, with: manifest.encoded)
        try await Fixture.open(in: disk.copy()).shutDown()
        manifest.activeFirstFrame = 1
        disk.replace(path, with: manifest.encoded)
        try expectRefusal(disk, "two segments behind")
    }
}
