import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// A sync that fails loses its pages: the system shows them until the power goes, and calls them
/// written. The process ends, and the next one must not believe what it sees.
@Suite("After a failed sync")
struct FailedSyncTests {
    private let disk = FaultyFileSystem()
    private let segment = Fixture.segment(1)

    @Test("what the next process has shown stays, even if the disk never got it")
    func newestFrame() async throws {
        let failed = Signal()
        let log = try Fixture.open(in: disk, onFatal: { _ in failed.fire() })
        try await log.put(TestRecord("durable"))
        disk.failOnce(.sync, namePrefix: FileName.segment(firstFrame: 1).text)
        _ = try log.append([TestRecord("unheard of")], to: ShardID(0))
        await failed.wait()
        await log.shutDown()

        // The power stays on: the system has the frame in memory.
        let next = try Fixture.open(in: disk)
        let shown = try next.records()
        #expect(shown == [0: [TestRecord("durable"), TestRecord("unheard of")]])
        for seed: UInt64 in 0..<4 {
            let after = disk.copy().powerLoss(random: SeededRandom(seed: seed))
            let last = try Fixture.open(in: after)
            #expect(try last.records() == shown)
            await last.shutDown()
        }
        await next.shutDown()
    }

    /// A log of one record, and behind it what is left of a write that was torn: all but the sector
    /// with its header, and no zero in it.
    ///
    /// - Returns: where the next frame goes.
    private func tear() async throws -> Int {
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        await log.shutDown()
        var content = try #require(
            disk.contents(of: Fixture.path)[FileName.segment(firstFrame: 1).text])
        let end = try #require(frames(in: content).last).range.upperBound
        let header = end..<end + Frame.headerBytes
        for place in header.upperBound..<end + 5 * TornTail.sectorBytes { content[place] = 1 }
        disk.replace(segment, with: content)
        return end
    }

    @Test("a torn write that was cut off does not come back behind the frames that follow")
    func tornWrite() async throws {
        let end = try await tear()
        // The syncs of a start: what was found, the newest frame, the zeros.
        disk.failOnce(.sync, namePrefix: FileName.segment(firstFrame: 1).text, skipping: 2)
        #expect(throws: StorageError.self) { try Fixture.open(in: disk) }

        let files = disk.copy()
        let next = try Fixture.open(in: files, onFatal: { _ in })
        // It ends where a sector ends: what follows has not been touched since.
        let frameBytes = 2 * TornTail.sectorBytes - end % TornTail.sectorBytes
        let two = try #require(DamageTests.record(fillingFrame: frameBytes))
        try await next.put(two)
        let after = files.powerLoss(random: SeededRandom(seed: 1))
        await next.shutDown()
        let last = try Fixture.open(in: after)
        #expect(try last.records() == [0: [TestRecord("one"), two]])
        await last.shutDown()
    }

    @Test("nor does it come back among the sectors of the next write that is torn")
    func tornTwice() async throws {
        _ = try await tear()
        for seed: UInt64 in 0..<32 {
            let files = disk.copy()
            let dead = Signal()
            let next = try Fixture.open(in: files, onFatal: { _ in dead.fire() })
            try await eventually {
                next.state.withLock { $0.spares.count == SegmentMaker.sparesMax }
            }
            // The frame is written, and its sync is not.
            files.cutPower(afterOperations: 1, isCarriedOut: false)
            let record = TestRecord([UInt8](repeating: 2, count: 4 * TornTail.sectorBytes))
            _ = try next.append([record], to: ShardID(0))
            await dead.wait()
            await next.shutDown()
            let last = try Fixture.open(in: files.powerLoss(random: SeededRandom(seed: seed)))
            #expect(try last.records()[0]?.first == TestRecord("one"))
            await last.shutDown()
        }
    }

    @Test("a first start that can't make the directory's own name durable is none")
    func directoryName() async throws {
        // What a start leaves that was interrupted right after making the directory.
        _ = try disk.createDirectory(Fixture.path, permissions: 0o700)
        disk.failOnce(.syncDirectory, namePrefix: "")
        #expect(throws: StorageError.self) { try Fixture.open(in: disk) }
        // Not to be allowed to is something else.
        disk.failOnce(.syncDirectory, namePrefix: "", errno: 13)
        try await Fixture.open(in: disk).shutDown()
    }

    @Test("what another program has put there is synced before anybody sees it")
    func foreignFiles() async throws {
        let log = try Fixture.open(in: disk)
        for _ in 0..<8 {
            _ = try await log.putWhenReady(TestRecord([UInt8](repeating: 0x77, count: 20_000)))
        }
        let base = log.snapshotBase()
        try log.putSnapshot([.of([1, 2, 3], at: base)], base: base)
        await log.shutDown()

        let copy = FaultyFileSystem()
        _ = try copy.createDirectory(Fixture.path, permissions: 0o700)
        try copy.fsyncDirectory("/")
        for (name, bytes) in disk.contents(of: Fixture.path) where name != FileName.lock {
            try copy.open(Fixture.file(name), .replacing).write(bytes, at: 0)
        }
        let next = try Fixture.open(in: copy)
        let shown = try next.records()
        #expect(shown[0]?.count == 8)
        for seed: UInt64 in 0..<8 {
            let last = try Fixture.open(
                in: copy.copy().powerLoss(random: SeededRandom(seed: seed)))
            #expect(try last.records() == shown && last.latestSnapshot() != nil)
            await last.shutDown()
        }
        await next.shutDown()
    }

    @Test("a file that could not be deleted goes before the next one does")
    func trimming() async throws {
        let log = try Fixture.open(in: disk)
        let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))
        func snapshot() throws {
            let base = log.snapshotBase()
            try log.putSnapshot([.of([1], at: base)], base: base)
        }
        // Segments hold three frames each; the bases are frames 6, 12 and 18.
        for round in 0..<3 {
            for _ in 0..<6 { _ = try await log.putWhenReady(large) }
            if round == 1 {
                disk.failOnce(.name, namePrefix: FileName.segment(firstFrame: 1).text)
                #expect(throws: StorageError.self) { try snapshot() }
            } else {
                try snapshot()
            }
        }
        await log.shutDown()
        let names = disk.contents(of: Fixture.path).keys
        #expect(names.compactMap(FileName.firstFrame(ofSegment:)).sorted() == [13, 16])
        #expect(names.compactMap(FileName.frame(ofSnapshot:)).sorted() == [12, 18])
        try await Fixture.open(in: disk).shutDown()
    }

    @Test("losing power anywhere while the log is trimmed leaves no gap in it")
    func trimmingInterrupted() async throws {
        let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))
        for operations in 0..<24 {
            for seed: UInt64 in 0..<3 {
                let disk = FaultyFileSystem()
                let log = try Fixture.open(in: disk, onFatal: { _ in })
                for round in 0..<2 {
                    for _ in 0..<6 { _ = try await log.putWhenReady(large) }
                    try await eventually {
                        log.state.withLock { $0.spares.count == SegmentMaker.sparesMax }
                    }
                    let base = log.snapshotBase()
                    if round == 1 {
                        disk.cutPower(afterOperations: operations, isCarriedOut: true)
                    }
                    try? log.putSnapshot([.of([1], at: base)], base: base)
                }
                let after = disk.powerLoss(random: SeededRandom(seed: seed))
                await log.shutDown()
                try await Fixture.open(in: after).shutDown()
            }
        }
    }
}
