import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

@Suite("The file log")
struct FileLogTests {
    private let fileSystem = FaultyFileSystem()

    @Test("what is durable comes back after a restart, each shard in its order")
    func roundTrip() async throws {
        var log = try Fixture.open(in: fileSystem)
        var expected: [UInt16: [TestRecord]] = [:]
        for number in 0..<40 {
            let shard = UInt16(number % 3)
            let record = TestRecord("record \(number)")
            expected[shard, default: []].append(record)
            let position = try await log.put(record, shard: shard)
            #expect(log.isDurable(position))
            #expect(position.record == UInt64(expected[shard, default: []].count))
        }
        #expect(try log.records() == expected)
        await log.shutDown()
        log = try Fixture.open(in: fileSystem)
        #expect(log.notices.isEmpty)
        #expect(try log.records() == expected)
        let next = try await log.put(TestRecord("one more"), shard: 1)
        #expect(next.record == UInt64(expected[1, default: []].count) + 1)
        #expect(
            try log.records(after: [ShardID(1): next.record - 1])[1] == [TestRecord("one more")])
        await log.shutDown()
    }

    @Test("short reads and writes are carried on until everything is done")
    func shortTransfers() async throws {
        fileSystem.limitTransfers(toBytes: 1000)
        var log = try Fixture.open(in: fileSystem)
        let record = TestRecord([UInt8](repeating: 0xab, count: 5000))
        try await log.put(record)
        await log.shutDown()
        log = try Fixture.open(in: fileSystem)
        #expect(try log.records() == [0: [record]])
        await log.shutDown()
    }

    @Test("a full segment is followed by another, and the manifest names it")
    func segmentSwitch() async throws {
        var log = try Fixture.open(in: fileSystem)
        var expected: [TestRecord] = []
        for number in 0..<12 {
            let record = TestRecord([UInt8](repeating: UInt8(number), count: 20_000))
            expected.append(record)
            _ = try await log.putWhenReady(record)
        }
        await log.shutDown()
        let files = fileSystem.contents(of: Fixture.path)
        let segments = files.keys.compactMap(FileName.firstFrame(ofSegment:)).sorted()
        #expect(segments.count == 4)
        let manifest = try Manifest(
            try #require(files[FileName.manifest]), file: FileName.manifest)
        #expect(manifest.activeFirstFrame == segments.last)
        log = try Fixture.open(in: fileSystem)
        #expect(try log.records() == [0: expected])
        await log.shutDown()
    }

    @Test("an append that expects another last record is fenced, and changes nothing")
    func fenced() async throws {
        let log = try Fixture.open(in: fileSystem)
        try await log.put(TestRecord("one"))
        #expect(throws: AppendError.fenced) {
            try log.append([TestRecord("two")], to: ShardID(0), expecting: 0)
        }
        #expect(throws: AppendError.fenced) {
            try log.append([TestRecord("two")], to: ShardID(0), expecting: 2)
        }
        let position = try log.append([TestRecord("two")], to: ShardID(0), expecting: 1)
        await log.durable(through: position)
        #expect(try log.records() == [0: [TestRecord("one"), TestRecord("two")]])
        await log.shutDown()
    }

    @Test("a stop in good order leaves one clean mark, however often it is repeated")
    func cleanMark() async throws {
        for start in 0..<3 {
            let log = try Fixture.open(in: fileSystem)
            if start == 0 { try await log.put(TestRecord("one")) }
            await log.close()
            await log.close()
            log.directory.close()
        }
        let segment = try #require(
            fileSystem.contents(of: Fixture.path)[
                FileName.segment(firstFrame: 1).text])
        #expect(kinds(in: segment) == [.batch, .clean])
    }

    @Test("a log that was never used has no mark")
    func emptyLog() async throws {
        let log = try Fixture.open(in: fileSystem)
        await log.shutDown()
        let segment = try #require(
            fileSystem.contents(of: Fixture.path)[
                FileName.segment(firstFrame: 1).text])
        #expect(kinds(in: segment) == [])
    }

    @Test("the last frame is witnessed by a seal once nothing more comes, and only by one")
    func seal() async throws {
        let log = try Fixture.open(in: fileSystem, sealMilliseconds: 1)
        let path = Fixture.segment(1)
        try await log.put(TestRecord("one"))
        await fileSystem.wait { $0.hasSeal(path) }
        try await log.put(TestRecord("two"))
        await fileSystem.wait { $0.lastKind(path) == .seal }
        await log.shutDown()
        let segment = try #require(
            fileSystem.contents(of: Fixture.path)[
                FileName.segment(firstFrame: 1).text])
        #expect(kinds(in: segment) == [.batch, .seal, .batch, .seal, .clean])
    }

    @Test("64 tasks append at once, and every shard keeps the order of its positions")
    func concurrentAppends() async throws {
        let log = try Fixture.open(in: fileSystem)
        let ledger = Ledger()
        try await withThrowingTaskGroup { group in
            for task in 0..<64 {
                group.addTask {
                    for number in 0..<8 {
                        let record = TestRecord("task \(task) record \(number)")
                        let shard = ShardID(UInt16((task + number) % 4))
                        let position = try log.append([record], to: shard)
                        ledger.placed.withLock { $0[position] = record }
                        await log.durable(through: position)
                        #expect(log.isDurable(position))
                    }
                }
            }
            try await group.waitForAll()
        }
        await log.shutDown()
        let again = try Fixture.open(in: fileSystem)
        let records = try again.records()
        ledger.placed.withLock { placed in
            #expect(placed.count == 512)
            for (position, record) in placed {
                let found = records[position.shard.rawValue]?[Int(position.record) - 1]
                #expect(found == record)
            }
        }
        #expect(records.values.reduce(0) { $0 + $1.count } == 512)
        await again.shutDown()
    }

    private final class Ledger: Sendable {
        let placed = Mutex<[LogPosition: TestRecord]>([:])
    }

    @Test("the disk of this machine keeps what the log wrote")
    func realDisk() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/data"
        var log = try Fixture.open(in: POSIXFileSystem(), path: path)
        var expected: [TestRecord] = []
        for number in 0..<6 {
            let record = TestRecord([UInt8](repeating: UInt8(number), count: 9000))
            expected.append(record)
            try await log.put(record)
        }
        #expect(throws: StorageError.locked(directory: path, pid: ownPID())) {
            try Fixture.directory(in: POSIXFileSystem(), path: path)
        }
        try log.putSnapshot([], base: log.snapshotBase())
        await log.shutDown()
        log = try Fixture.open(in: POSIXFileSystem(), path: path)
        #expect(try log.records() == [0: expected])
        #expect(log.latestSnapshot()?.base.frame == 6)
        #expect(log.notices.isEmpty)
        await log.shutDown()
    }
}

/// The kinds of the frames of a segment, as far as they are valid.
func kinds(in segment: [UInt8]) -> [Frame.Kind] { frames(in: segment).map(\.kind) }

func frames(in segment: [UInt8]) -> [ReadFrame] {
    var frames: [ReadFrame] = []
    var offset = SegmentHeader.bytes
    while case .valid(let frame) = FrameReader.read(segment, at: offset) {
        frames.append(frame)
        offset = frame.range.upperBound
    }
    return frames
}

extension FaultyFileSystem {
    func lastKind(_ path: String) -> Frame.Kind? {
        let name = String(path.dropFirst(Fixture.path.count + 1))
        return kinds(in: contents(of: Fixture.path)[name] ?? []).last
    }

    func hasSeal(_ path: String) -> Bool { lastKind(path) == .seal }
}
