import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// What every possible cut and every flipped bit does to a small history.
@Suite("Damage at every place")
struct DamageTests {
    /// A history with frames of several shapes, all durable: one record and more, shorter and
    /// longer than a sector, and an empty one.
    private static func history() async throws -> (disk: FaultyFileSystem, records: [[TestRecord]])
    {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        let records = [
            [TestRecord("a")],
            [TestRecord((0..<700).map { UInt8(truncatingIfNeeded: $0) | 1 }), TestRecord("b")],
            [TestRecord("c"), TestRecord([]), TestRecord([1, 2, 3])],
            [TestRecord([UInt8](repeating: 0xee, count: 90))],
        ]
        for (number, batch) in records.enumerated() {
            let position = try log.append(batch, to: ShardID(UInt16(number % 2)))
            await log.durable(through: position)
        }
        let copy = disk.copy()
        await log.shutDown()
        return (copy, records)
    }

    private static func flat(_ batches: some Sequence<(offset: Int, element: [TestRecord])>)
        -> [UInt16: [TestRecord]]
    {
        var records: [UInt16: [TestRecord]] = [:]
        for (number, batch) in batches { records[UInt16(number % 2), default: []] += batch }
        return records
    }

    @Test("a newest segment that is cut short keeps its longest whole beginning and goes on")
    func cutAnywhere() async throws {
        let (disk, batches) = try await Self.history()
        let name = FileName.segment(firstFrame: 1).text
        let whole = try #require(disk.contents(of: Fixture.path)[name])
        let frames = frames(in: whole)
        #expect(frames.count == batches.count)
        let end = try #require(frames.last).range.upperBound
        for size in SegmentHeader.bytes...end + 9 {
            let copy = disk.copy()
            copy.replace(Fixture.file(name), with: Array(whole.prefix(size)))
            let kept = frames.count { $0.range.upperBound <= size }
            let log = try Fixture.open(in: copy)
            let isTorn =
                size != SegmentHeader.bytes && size < end
                && !frames.contains { $0.range.upperBound == size }
            #expect(log.notices.count == (isTorn ? 1 : 0), "cut at \(size)")
            #expect(
                try log.records() == Self.flat(batches.prefix(kept).enumerated()),
                "cut at \(size)")
            try await log.put(TestRecord("more"), shard: 3)
            await log.shutDown()
            guard size % 7 == 0 else { continue }
            let again = try Fixture.open(in: copy)
            #expect(again.notices.isEmpty)
            #expect(try again.records()[3] == [TestRecord("more")], "cut at \(size)")
            await again.shutDown()
        }
    }

    @Test("a segment without its whole header is refused: it was durable before its name")
    func cutHeader() async throws {
        let (disk, _) = try await Self.history()
        let name = FileName.segment(firstFrame: 1).text
        let whole = try #require(disk.contents(of: Fixture.path)[name])
        for size in stride(from: 0, to: SegmentHeader.bytes, by: 97) {
            let copy = disk.copy()
            copy.replace(Fixture.file(name), with: Array(whole.prefix(size)))
            try expectRefusal(copy, "cut at \(size)")
        }
    }

    @Test("a bit that flips anywhere in a sealed history is noticed, and nothing is changed then")
    func flipAnywhere() async throws {
        let disk = try await Self.sealed()
        let name = FileName.segment(firstFrame: 1).text
        let segment = try #require(disk.contents(of: Fixture.path)[name])
        let end = try #require(frames(in: segment).last).range.upperBound
        #expect(kinds(in: segment).last == .seal)
        for byte in 0..<end {
            let copy = disk.copy()
            copy.flip(bit: byte * 8 + byte % 8, of: Fixture.file(name))
            try expectRefusal(copy, "byte \(byte)")
        }
    }

    @Test("rot in a header that lies in two sectors is not taken for a write that was torn")
    func flipHeaderAcrossSectors() async throws {
        // Headers that end 8, 16 … 56 bytes into their second sector; no seal follows.
        for second in stride(from: 8, through: 56, by: 8) {
            let disk = FaultyFileSystem()
            let log = try Fixture.open(in: disk)
            let frameBytes = TornTail.sectorBytes - (Frame.headerBytes - second)
            try await log.put(try #require(Self.record(fillingFrame: frameBytes)))
            try await log.put(TestRecord("last"))
            let copy = disk.copy()
            await log.shutDown()
            let name = FileName.segment(firstFrame: 1).text
            let segment = try #require(copy.contents(of: Fixture.path)[name])
            let last = try #require(frames(in: segment).last).range.lowerBound
            #expect((last + Frame.headerBytes) % TornTail.sectorBytes == second)
            for byte in last..<last + Frame.headerBytes {
                let rotten = copy.copy()
                rotten.flip(bit: byte * 8 + byte % 8, of: Fixture.file(name))
                try expectRefusal(rotten, "header byte \(byte - last)")
            }
        }
    }

    @Test("a lost sector that takes the end of one frame and the beginning of the next is noticed")
    func sectorLost() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for size in [500, 900] {
            try await log.put(TestRecord([UInt8](repeating: 0x55, count: size)))
        }
        let copy = disk.copy()
        await log.shutDown()
        let name = FileName.segment(firstFrame: 1).text
        var segment = try #require(copy.contents(of: Fixture.path)[name])
        let border = frames(in: segment)[0].range.upperBound
        let sector = border / TornTail.sectorBytes * TornTail.sectorBytes
        for place in sector..<sector + TornTail.sectorBytes { segment[place] = 0 }
        copy.replace(Fixture.file(name), with: segment)
        try expectRefusal(copy, "the sector of the border between two frames")
    }

    static func record(fillingFrame bytes: Int) -> TestRecord? {
        (0..<bytes).lazy.map { TestRecord([UInt8](repeating: 1, count: $0)) }.first { record in
            let batch = RecordBatch([record])
            let section = PendingSection(
                shard: 0, recordCount: 1, lastRecord: 1, bytes: batch.bytes)
            return Frame.emptyBytes + section.encodedBytes == bytes
        }
    }

    @Test("a bit that flips anywhere in the manifest is noticed")
    func flipManifest() async throws {
        let disk = try await Self.sealed()
        let bytes = try #require(disk.contents(of: Fixture.path)[FileName.manifest])
        for byte in 0..<ByteScan.endOfContent(bytes, in: 0..<bytes.count) + 40 {
            for bit in [byte % 8, 7 - byte % 8] {
                let copy = disk.copy()
                copy.flip(bit: byte * 8 + bit, of: Fixture.file(FileName.manifest))
                try expectRefusal(copy, "byte \(byte)")
            }
        }
    }

    @Test("a bit that flips in room never written is no record, and what was written stays")
    func flipZeros() async throws {
        let disk = try await Self.sealed()
        let name = FileName.segment(firstFrame: 1).text
        let segment = try #require(disk.contents(of: Fixture.path)[name])
        let end = try #require(frames(in: segment).last).range.upperBound
        let intact = try Fixture.open(in: disk.copy())
        let expected = try intact.records()
        await intact.shutDown()
        let places =
            Array(end..<end + 200) + Array(stride(from: end + 200, to: segment.count, by: 397))
        for byte in places {
            let copy = disk.copy()
            copy.flip(bit: byte * 8 + byte % 8, of: Fixture.file(name))
            let before = copy.contents(of: Fixture.path)
            let log: FileLog
            do {
                log = try Fixture.open(in: copy)
            } catch StorageError.corrupt {
                #expect(copy.contents(of: Fixture.path).withoutLock == before.withoutLock)
                continue
            }
            #expect(log.notices.count == 1, "byte \(byte)")
            #expect(try log.records() == expected, "byte \(byte)")
            await log.shutDown()
        }
    }

    @Test("a bit that flips anywhere in the newest snapshot puts the older one in its place")
    func flipSnapshot() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for number in 0..<2 {
            try await log.put(TestRecord("record \(number)"))
            let base = log.snapshotBase()
            try log.putSnapshot([.of(Array("state \(number)".utf8), at: base)], base: base)
        }
        await log.shutDown()
        let newest = Fixture.snapshot(2)
        let bytes = try #require(disk.contents(of: Fixture.path)[FileName.snapshot(frame: 2).text])
        for byte in bytes.indices {
            let copy = disk.copy()
            copy.flip(bit: byte * 8 + byte % 8, of: newest)
            let log = try Fixture.open(in: copy)
            #expect(log.latestSnapshot()?.base.frame == 1, "byte \(byte)")
            guard case .snapshotUnusable(newest, _)? = log.notices.first else {
                Issue.record("byte \(byte): \(log.notices)")
                continue
            }
            await log.shutDown()
        }
    }

    /// The history with a seal behind it: the witness that its last frame was durable.
    private static func sealed() async throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk, sealMilliseconds: 1)
        for (number, size) in [3, 500, 0, 60].enumerated() {
            try await log.put(
                TestRecord([UInt8](repeating: 0x55, count: size)), shard: UInt16(number % 2))
        }
        await disk.wait { $0.hasSeal(Fixture.segment(1)) }
        let copy = disk.copy()
        await log.shutDown()
        return copy
    }
}

/// Expects that opening says what is wrong, and leaves every byte as it is.
func expectRefusal(
    _ disk: FaultyFileSystem, _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let before = disk.contents(of: Fixture.path)
    do throws(StorageError) {
        let log = try Fixture.open(in: disk)
        Issue.record(
            "\(what): accepted with \(log.notices)", sourceLocation: sourceLocation)
    } catch .corrupt, .missing, .futureVersion {
        #expect(
            disk.contents(of: Fixture.path).withoutLock == before.withoutLock, "\(what)",
            sourceLocation: sourceLocation)
    }
}

extension [String: [UInt8]] {
    var withoutLock: Self { filter { $0.key != FileName.lock } }
}

extension SnapshotPart {
    /// A part of one chunk, with everything in it up to the base.
    static func of(_ chunk: [UInt8], kind: UInt16 = 1, shard: UInt16 = 0, at base: SnapshotBase)
        -> Self
    {
        of(
            [chunk], kind: kind, shard: shard,
            appliedRecord: base.records[ShardID(shard), default: 0])
    }

    static func of(
        _ chunks: [[UInt8]], kind: UInt16 = 1, shard: UInt16 = 0, appliedRecord: UInt64
    ) -> Self {
        let rest = Mutex(chunks)
        return SnapshotPart(kind: kind, shard: ShardID(shard), appliedRecord: appliedRecord) {
            rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        }
    }
}
