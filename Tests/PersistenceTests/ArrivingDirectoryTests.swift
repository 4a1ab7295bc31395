import Persistence
import TestSupport
import Testing

@testable import Persistence

@Suite("A directory whose content comes from elsewhere")
struct ArrivingDirectoryTests {
    private static let path = "/new"
    private static let exists = StorageError.system(operation: "use", path: path, errno: 17)

    /// What another log had: a snapshot of shards 0 and 2, and records after it.
    private struct Elsewhere {
        var start = [StreamTail](repeating: StreamTail(), count: 4)
        var streams: [StreamTail]
        var sections: [LoggedSection] = []
        var records: [UInt16: [TestRecord]] = [:]

        init(hasSnapshot: Bool = true, sections count: Int = 30) throws {
            if hasSnapshot {
                for shard in [0, 2] {
                    start[shard] = StreamTail(
                        record: 70, section: 9, digest: ChainDigest(high: 5, low: UInt64(shard)))
                }
            }
            streams = start
            for number in 0..<count {
                let shard = number % 3
                let some = (0...number % 2).map { TestRecord("\(number) \($0)") }
                try add(RecordBatch(some), to: shard)
                records[UInt16(shard), default: []] += some
            }
        }

        private mutating func add(_ batch: RecordBatch, to shard: Int) throws {
            var writer = ByteWriter()
            sections.append(
                LoggedSection(
                    shard: ShardID(UInt16(shard)), firstRecord: streams[shard].record + 1,
                    recordCount: batch.count, writtenAtMilliseconds: UInt64(sections.count),
                    reader: ByteReader(batch.bytes)))
            streams[shard].encode(
                shard: shard, recordCount: batch.count, batch.bytes, into: &writer)
        }
    }

    private func begin(
        _ disk: FaultyFileSystem, _ elsewhere: Elsewhere
    ) throws -> ArrivingDirectory {
        try ArrivingDirectory(
            Self.path, in: disk, id: DirectoryID(high: 9, low: 9),
            start: .init(
                streams: elsewhere.start, hasSnapshot: elsewhere.start[0].record > 0),
            segmentBytes: Fixture.segmentBytes)
    }

    private static let header = SnapshotPartHeader(
        kind: 4, shard: ShardID(2), appliedRecord: 71)

    private func move(_ elsewhere: Elsewhere, to disk: FaultyFileSystem) throws {
        var directory = try begin(disk, elsewhere)
        if elsewhere.start[0].record > 0 {
            try directory.add(Self.header, chunk: Array("state".utf8))
        }
        try directory.endSnapshot()
        for section in elsewhere.sections { try directory.append(section) }
        #expect(directory.streams == elsewhere.streams)
        try directory.publish(directory.complete(metadata: Fixture.metadata))
    }

    @Test("a log goes on where the other one ended, with its ordinals and its chains")
    func goesOn() async throws {
        let (disk, elsewhere) = (FaultyFileSystem(), try Elsewhere())
        try move(elsewhere, to: disk)
        let verification = try Verification(
            Self.path, in: disk, decoder: VerificationTests.everything)
        #expect(verification.findings == [])
        let log = try Fixture.open(in: disk, path: Self.path)
        #expect(log.directory.metadata == Fixture.metadata)
        let snapshot = try #require(log.latestSnapshot())
        #expect(snapshot.base.records[ShardID(2)] == 70)
        var chunks: [[UInt8]] = []
        try snapshot.forEachChunk { header, chunk in
            #expect(header == Self.header)
            chunks.append(chunk)
        }
        #expect(chunks == [Array("state".utf8)])
        #expect(try log.records(after: snapshot.base.records) == elsewhere.records)
        #expect(log.state.withLock { $0.tail.streams } == elsewhere.streams)
        let position = try await log.put(TestRecord("more"), shard: 2)
        #expect(position.record == elsewhere.streams[2].record + 1)
        await log.shutDown()
    }

    @Test("without a snapshot the log is all there is")
    func logAlone() async throws {
        let (disk, elsewhere) = (FaultyFileSystem(), try Elsewhere(hasSnapshot: false))
        try move(elsewhere, to: disk)
        let log = try Fixture.open(in: disk, path: Self.path)
        #expect(log.latestSnapshot() == nil)
        #expect(try log.records() == elsewhere.records)
        await log.shutDown()
    }

    @Test("a snapshot that rots later is missed, and never taken for nothing")
    func snapshotIsNeeded() throws {
        let disk = FaultyFileSystem()
        try move(Elsewhere(), to: disk)
        disk.flip(bit: 800, of: Self.path + "/" + FileName.snapshot(frame: 1).text)
        #expect(throws: StorageError.self) { try Fixture.open(in: disk, path: Self.path) }
    }

    @Test("more than a segment takes goes into the next one")
    func segments() async throws {
        let disk = FaultyFileSystem()
        var elsewhere = try Elsewhere(sections: 0)
        let large = TestRecord([UInt8](repeating: 7, count: Fixture.segmentBytes / 3))
        for shard in 0..<4 {
            let batch = RecordBatch([large])
            var writer = ByteWriter()
            elsewhere.sections.append(
                LoggedSection(
                    shard: ShardID(UInt16(shard)),
                    firstRecord: elsewhere.streams[shard].record + 1, recordCount: 1,
                    writtenAtMilliseconds: 1, reader: ByteReader(batch.bytes)))
            elsewhere.streams[shard].encode(
                shard: shard, recordCount: 1, batch.bytes, into: &writer)
        }
        try move(elsewhere, to: disk)
        #expect(
            disk.contents(of: Self.path).keys.filter { $0.hasPrefix("wal-") }.count > 1)
        let log = try Fixture.open(in: disk, path: Self.path)
        #expect(log.state.withLock { $0.tail.streams } == elsewhere.streams)
        await log.shutDown()
    }

    @Test("a record that is not the next one is refused")
    func gap() throws {
        let elsewhere = try Elsewhere()
        var directory = try begin(FaultyFileSystem(), elsewhere)
        try directory.endSnapshot()
        #expect(throws: StorageError.self) { try directory.append(elsewhere.sections[3]) }
    }

    @Test("a directory that has something in it is left alone")
    func occupied() throws {
        let disk = FaultyFileSystem()
        try move(Elsewhere(), to: disk)
        let before = disk.contents(of: Self.path)
        #expect(throws: Self.exists) { try ArrivingDirectory.check(Self.path, in: disk) }
        #expect(throws: Self.exists) { try begin(disk, Elsewhere()) }
        #expect(disk.contents(of: Self.path) == before)
        #expect(throws: Never.self) { try ArrivingDirectory.check("/nowhere", in: disk) }
    }

    @Test("whenever the power fails, nothing counts before the end, and it can be done again")
    func interrupted() throws {
        let elsewhere = try Elsewhere(sections: 3)
        var isDone = false
        var refused = 0
        for operations in 1...200 where !isDone {
            let disk = FaultyFileSystem()
            disk.cutPower(afterOperations: operations, isCarriedOut: operations.isMultiple(of: 2))
            isDone = (try? move(elsewhere, to: disk)) != nil
            let later = disk.powerLoss(random: SeededRandom(seed: UInt64(operations)))
            let names = (try? later.names(in: Self.path)) ?? []
            if names.contains(FileName.unfinished), !names.contains(FileName.manifest) {
                #expect(throws: StorageError.self) {
                    try Fixture.directory(in: later.copy(), path: Self.path)
                }
                refused += 1
            }
            if !names.contains(FileName.manifest) { try move(elsewhere, to: later) }
            let verification = try Verification(
                Self.path, in: later, decoder: VerificationTests.everything)
            #expect(verification.findings == [])
            // The chunk of the snapshot counts as one.
            #expect(verification.records == elsewhere.records.values.joined().count + 1)
        }
        #expect(isDone)
        #expect(refused > 10)
    }
}
