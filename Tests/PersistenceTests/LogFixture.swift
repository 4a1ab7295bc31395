import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// A record whose body is any bytes.
struct TestRecord: LogRecord, Equatable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    var kind: UInt16 { 7 }
    var version: UInt8 { 1 }
    func encode(into writer: inout ByteWriter) { writer.write(bytes) }
    init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        bytes = try reader.readBytes()
    }
}

/// A log in a directory of a `FaultyFileSystem`, small and with the same name every time.
enum Fixture {
    static let path = "/data"
    static let segmentBytes = FileLog.segmentBytesMin
    static let id = DirectoryID(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718)
    static let metadata: [UInt8] = [0xca, 0xfe]
    /// Long enough that no seal comes in between.
    static let neverMilliseconds = 600_000

    static func file(_ name: String) -> String { path + "/" + name }
    static func segment(_ firstFrame: UInt64) -> String {
        file(FileName.segment(firstFrame: firstFrame).text)
    }
    static func snapshot(_ frame: UInt64) -> String {
        file(FileName.snapshot(frame: frame).text)
    }

    static func directory(
        in fileSystem: any FileSystem, path: String = path, shardCount: Int = 4,
        id: DirectoryID = id
    ) throws(StorageError) -> DataDirectory {
        try DataDirectory.open(
            path, in: fileSystem, shardCount: shardCount, segmentBytes: segmentBytes, id: id,
            newMetadata: { metadata })
    }

    /// - Parameter onFatal: by default a failure of the test.
    static func open(
        in fileSystem: any FileSystem, path: String = path, shardCount: Int = 4,
        sealMilliseconds: Int = neverMilliseconds,
        onFatal: @escaping @Sendable (StorageError) -> Void = { Issue.record("fatal: \($0)") }
    ) throws(StorageError) -> FileLog {
        try FileLog.open(
            directory(in: fileSystem, path: path, shardCount: shardCount),
            segmentBytes: segmentBytes, sealMilliseconds: sealMilliseconds, onFatal: onFatal)
    }
}

extension FileLog {
    /// Appends one record and waits for the disk.
    @discardableResult
    func put(_ record: TestRecord, shard: UInt16 = 0) async throws -> LogPosition {
        let position = try append([record], to: ShardID(shard))
        await durable(through: position)
        return position
    }

    /// Appends when there is room, waiting for spares to be made; other refusals are thrown.
    func putWhenReady(
        _ record: TestRecord, shard: UInt16 = 0
    ) async throws -> LogPosition {
        while true {
            do throws(AppendError) {
                let position = try append([record], to: ShardID(shard))
                await durable(through: position)
                return position
            } catch .overloaded {
                try await eventually { state.withLock { $0.queue.sparesReady > 0 } }
            }
        }
    }

    /// All records after those given, by shard, each shard's in order and without a gap.
    func records(after start: [ShardID: UInt64] = [:]) throws -> [UInt16: [TestRecord]] {
        var records: [UInt16: [TestRecord]] = [:]
        var next: [UInt16: UInt64] = [:]
        try read(from: start) { section in
            let shard = section.shard.rawValue
            if let expected = next[shard] {
                #expect(section.firstRecord == expected)
            } else {
                #expect(section.firstRecord <= start[section.shard, default: 0] + 1)
            }
            next[shard] = section.firstRecord + UInt64(section.recordCount)
            var reader = section.reader
            for index in 0..<UInt64(section.recordCount) {
                let stored = try RecordBatch.next(from: &reader)
                var body = stored.reader
                let record = try TestRecord(
                    kind: stored.kind, version: stored.version, from: &body)
                guard section.firstRecord + index > start[section.shard, default: 0] else {
                    continue
                }
                records[shard, default: []].append(record)
            }
            #expect(reader.isAtEnd)
        }
        return records
    }

    /// Stops, and lets the directory be opened again.
    func shutDown() async {
        await close()
        directory.close()
    }
}

/// Returns when the condition holds. It is about what a thread of the log does next to the disk,
/// which nothing announces, so it is asked every millisecond.
func eventually(_ condition: () throws -> Bool) async throws {
    for _ in 0..<30_000 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(1))
    }
    Issue.record("what was waited for never came")
}

/// Something that happens once and can be waited for.
final class Signal: Sendable {
    private let state = Mutex<(isFired: Bool, actions: [@Sendable () -> Void])>((false, []))

    func fire() {
        let actions = state.withLock { state in
            state.isFired = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }

    /// Calls `action` once: when the signal fires, or at once when it has.
    func whenFired(_ action: @escaping @Sendable () -> Void) {
        let isFired = state.withLock { state in
            if !state.isFired { state.actions.append(action) }
            return state.isFired
        }
        if isFired { action() }
    }

    var isFired: Bool { state.withLock { $0.isFired } }

    func wait() async {
        await withCheckedContinuation { continuation in whenFired { continuation.resume() } }
    }
}
