import Persistence
import TestSupport
import Testing

@testable import Persistence

@Suite("Salvage")
struct SalvageTests {
    private static let newPath = "/new"
    private static let newID = DirectoryID(high: 9, low: 9)

    private func salvage(_ disk: FaultyFileSystem) throws -> Salvage {
        try Salvage(Fixture.path, in: disk, decoder: VerificationTests.everything)
    }

    /// Salvages and opens the result.
    private func rebuild(_ disk: FaultyFileSystem) throws -> (Salvage, FileLog) {
        let before = disk.contents(of: Fixture.path)
        let salvage = try salvage(disk)
        try salvage.write(to: Self.newPath, segmentBytes: Fixture.segmentBytes, id: Self.newID)
        #expect(disk.contents(of: Fixture.path) == before)
        let verification = try Verification(
            Self.newPath, in: disk, decoder: VerificationTests.everything)
        #expect(verification.findings == [])
        return (salvage, try Fixture.open(in: disk, path: Self.newPath))
    }

    @Test("whatever frame rots, what comes out is the longest beginning, and the loss is exact")
    func everyFrame() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        let records = (0..<6).map { TestRecord([UInt8](repeating: UInt8($0 + 1), count: 100)) }
        for (number, record) in records.enumerated() {
            try await log.put(record, shard: UInt16(number % 2))
        }
        await log.shutDown()
        let name = FileName.segment(firstFrame: 1).text
        let whole = try #require(disk.contents(of: Fixture.path)[name])
        for (index, frame) in frames(in: whole).dropLast().enumerated() {
            let copy = disk.copy()
            copy.flip(bit: (frame.range.lowerBound + 90) * 8, of: Fixture.file(name))
            let (salvage, log) = try rebuild(copy)
            #expect(salvage.endFrame == UInt64(index))
            #expect(salvage.loss.unreadableFrames == 1)
            // The clean mark is a frame as well.
            #expect(salvage.loss.frames == UInt64(6 - index))
            #expect(salvage.loss.records == 5 - index)
            #expect(salvage.loss.recordsByKind == (index == 5 ? [:] : [7: 5 - index]))
            var expected: [UInt16: [TestRecord]] = [:]
            for (number, record) in records.prefix(index).enumerated() {
                expected[UInt16(number % 2), default: []].append(record)
            }
            #expect(try log.records() == expected)
            try await log.put(TestRecord("more"), shard: 3)
            await log.shutDown()
        }
    }

    @Test("a snapshot behind the damage carries what was before it")
    func snapshotBehindDamage() async throws {
        let disk = try await VerificationTests.history()
        let name = FileName.segment(firstFrame: 1).text
        disk.flip(bit: (SegmentHeader.bytes + 90) * 8, of: Fixture.file(name))
        let (salvage, log) = try rebuild(disk)
        // The newest snapshot's base is frame 4; frames 5 to 7 follow it.
        #expect(salvage.snapshot?.header.frame == 4)
        #expect(salvage.endFrame == 7)
        #expect(salvage.loss.isNothing)
        let kept = try log.records(after: log.latestSnapshot()?.base.records ?? [:])
        #expect(kept.values.map(\.count).reduce(0, +) == 2)
        #expect(
            log.snapshotBase().records == [
                ShardID(0): 2, ShardID(1): 2, ShardID(2): 2, ShardID(3): 0,
            ])
        await log.shutDown()
    }

    @Test("a shard that is heard of again only behind the snapshot loses nothing")
    func silentShard() async throws {
        let disk = try await VerificationTests.history()
        disk.flip(bit: (SegmentHeader.bytes + 90) * 8, of: Fixture.segment(1))
        disk.replace(Fixture.snapshot(4), with: nil)
        // Shard 0 has its records in frames 1, which is rotten, and 4; the base is frame 2.
        let (salvage, log) = try rebuild(disk)
        #expect(salvage.snapshot?.header.frame == 2)
        #expect(salvage.endFrame == 7)
        #expect(salvage.loss.isNothing)
        await log.shutDown()
    }

    @Test("an unfinished write is nothing lost")
    func torn() async throws {
        let disk = try await VerificationTests.history()
        let name = FileName.segment(firstFrame: 1).text
        var content = try #require(disk.contents(of: Fixture.path)[name])
        let end = ByteScan.endOfContent(content, in: 0..<content.count)
        content.replaceSubrange(end..<end + 8, with: content[4096..<4104])
        disk.replace(Fixture.file(name), with: Array(content.prefix(end + 8)))
        let (salvage, log) = try rebuild(disk)
        #expect(salvage.endFrame == 7)
        #expect(salvage.loss.isNothing)
        await log.shutDown()
    }

    @Test("nothing is made of nothing")
    func nothingLeft() async throws {
        let disk = try await VerificationTests.history()
        disk.flip(bit: 20 * 8, of: Fixture.segment(1))
        // The frames prove themselves even without the segment's header.
        #expect(try salvage(disk).endFrame == 7)
        disk.flip(bit: (SegmentHeader.bytes + 90) * 8, of: Fixture.segment(1))
        for frame in [2, 4] { disk.flip(bit: 8 * 90, of: Fixture.snapshot(UInt64(frame))) }
        #expect(throws: StorageError.self) { try salvage(disk) }
    }

    @Test("a directory that has something in it is not written to")
    func taken() async throws {
        let disk = try await VerificationTests.history()
        let salvage = try salvage(disk)
        #expect(throws: StorageError.system(operation: "use", path: Fixture.path, errno: 17)) {
            try salvage.write(
                to: Fixture.path, segmentBytes: Fixture.segmentBytes, id: Self.newID)
        }
    }
}
