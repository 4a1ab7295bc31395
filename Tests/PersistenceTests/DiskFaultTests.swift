import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// A disk that is full, and one that fails.
@Suite("Full and failing disks")
struct DiskFaultTests {
    private static let large = TestRecord([UInt8](repeating: 0x77, count: 20_000))

    /// Room for the first segment, and for what is small; not for a spare one.
    private static let tightBytes = Fixture.segmentBytes + 3 * Manifest.bytesMax

    @Test("a full disk refuses appends, answers reads, loses nothing, and works again with room")
    func full() async throws {
        let disk = FaultyFileSystem(capacityBytes: Self.tightBytes)
        var log = try Fixture.open(in: disk)
        var records: [TestRecord] = []
        try await eventually { !log.state.withLock { !$0.queue.diskIsFull } }
        refusal: while true {
            do throws(AppendError) {
                let position = try log.append([Self.large], to: ShardID(0))
                await log.durable(through: position)
                records.append(Self.large)
            } catch {
                #expect(error == .full)
                break refusal
            }
        }
        #expect(records.count == 3)
        // What is small still fits until even that room is used up.
        while log.hasRoom {
            let small = TestRecord([UInt8](repeating: 1, count: 500))
            let position = try log.append([small], to: ShardID(0))
            await log.durable(through: position)
            records.append(small)
        }
        #expect(try log.records() == [0: records])
        await log.shutDown()

        log = try Fixture.open(in: disk)
        #expect(try log.records() == [0: records])
        try await eventually { !log.hasRoom }
        #expect(throws: AppendError.full) { try log.append([Self.large], to: ShardID(0)) }
        disk.capacityBytes = .max
        // The next attempt comes within the retry time.
        try await eventually { log.hasRoom }
        let position = try log.append([Self.large], to: ShardID(0))
        await log.durable(through: position)
        #expect(try log.records()[0]?.count == records.count + 1)
        await log.shutDown()
    }

    @Test("a torn write that a full disk can't keep aside stays where it is until there is room")
    func tornWhileFull() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        await log.shutDown()
        for name in disk.contents(of: Fixture.path).keys where FileName.isTemporary(name) {
            disk.replace(Fixture.file(name), with: nil)
        }
        disk.flip(bit: 6000 * 8, of: Fixture.segment(1))
        disk.capacityBytes = disk.usedBytes
        let before = disk.contents(of: Fixture.path)
        do throws(StorageError) {
            _ = try Fixture.open(in: disk)
            Issue.record("opened without keeping the bytes")
        } catch {
            #expect(error.isNoSpace)
        }
        let segment = FileName.segment(firstFrame: 1).text
        #expect(disk.contents(of: Fixture.path)[segment] == before[segment])
        disk.capacityBytes = .max
        let again = try Fixture.open(in: disk)
        #expect(again.notices.count == 1)
        #expect(try again.records() == [0: [TestRecord("one")]])
        await again.shutDown()
    }

    @Test("an append that needs a segment still being made is told to come back")
    func overloaded() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        var queue = AppendQueue(
            lastRecords: [0], segmentBytes: Fixture.segmentBytes, offset: SegmentHeader.bytes,
            activeBytes: Fixture.segmentBytes)
        for _ in 0..<3 { _ = try queue.append(RecordBatch([Self.large]), to: 0, expecting: nil) }
        let before = queue.lastRecords
        #expect(throws: AppendError.overloaded) {
            try queue.append(RecordBatch([Self.large]), to: 0, expecting: nil)
        }
        queue.diskIsFull = true
        #expect(throws: AppendError.full) {
            try queue.append(RecordBatch([Self.large]), to: 0, expecting: nil)
        }
        #expect(queue.lastRecords == before)
        queue.spareBecameReady()
        #expect(try queue.append(RecordBatch([Self.large]), to: 0, expecting: nil) == 4)
        await log.shutDown()
    }

    @Test(
        "a disk that fails once ends the log, and nobody is told that anything is durable",
        arguments: [FaultyFileSystem.Operation.write, .sync])
    func failure(operation: FaultyFileSystem.Operation) async throws {
        let disk = FaultyFileSystem()
        let fatal = FatalCount()
        let log = try Fixture.open(in: disk, onFatal: { fatal.note($0) })
        let first = try await log.put(TestRecord("durable"))
        disk.failOnce(operation, namePrefix: FileName.segment(firstFrame: 1).text)
        let position = try log.append([TestRecord("lost")], to: ShardID(0))
        let isTold = Signal()
        Task {
            await log.durable(through: position)
            isTold.fire()
        }
        await fatal.first.wait()
        // The disk works again: what it said is believed all the same.
        _ = try? log.append([TestRecord("after")], to: ShardID(0))
        await log.shutDown()
        #expect(fatal.errors.withLock { $0.count } == 1)
        #expect(!log.isDurable(position))
        #expect(!isTold.isFired)
        #expect(log.isDurable(first))
        let again = try Fixture.open(in: disk)
        #expect(try again.records()[0]?.first == TestRecord("durable"))
        await again.shutDown()
    }

    @Test("a segment that can't be put into service ends the log as well")
    func failedSwitch() async throws {
        for name in ["wal-spare-0", "manifest-spare-0"] {
            let disk = FaultyFileSystem()
            let fatal = FatalCount()
            let log = try Fixture.open(in: disk, onFatal: { fatal.note($0) })
            try await eventually {
                log.state.withLock { $0.spares.count == SegmentMaker.sparesMax }
            }
            for _ in 0..<3 { try await log.put(Self.large) }
            disk.failOnce(.name, namePrefix: name)
            let position = try log.append([Self.large], to: ShardID(0))
            await fatal.first.wait()
            await log.shutDown()
            #expect(fatal.errors.withLock { $0.count } == 1)
            #expect(!log.isDurable(position))
            let again = try Fixture.open(in: disk)
            #expect(try again.records()[0] == Array(repeating: Self.large, count: 3))
            await again.shutDown()
        }
    }

    private final class FatalCount: Sendable {
        let errors = Mutex<[StorageError]>([])
        let first = Signal()

        func note(_ error: StorageError) {
            errors.withLock { $0.append(error) }
            first.fire()
        }
    }
}
