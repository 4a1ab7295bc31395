import TestSupport
import Testing

@testable import Persistence

/// How long a write has been on its way to a disk that does not come back.
@Suite("A disk that takes its time", .timeLimit(.minutes(1)))
struct StallTests {
    private let disk = StuckFileSystem(FaultyFileSystem(), path: Fixture.segment(1))

    @Test("a write that hangs is told for as long as it hangs")
    func batch() async throws {
        let log = try Fixture.open(in: disk)
        #expect(log.stallMilliseconds == 0)
        try await log.put(TestRecord("one"))
        #expect(log.stallMilliseconds == 0)
        disk.hold()
        let position = try log.append([TestRecord("two")], to: ShardID(0))
        try await eventually { log.stallMilliseconds > 20 }
        #expect(disk.isStuck && !log.isDurable(position))
        let sofar = log.stallMilliseconds
        try await eventually { log.stallMilliseconds > sofar }
        disk.release()
        await log.durable(through: position)
        #expect(log.stallMilliseconds == 0)
        await log.shutDown()
    }

    @Test("a seal that hangs is told like any other write: what comes next waits for it")
    func seal() async throws {
        disk.hold(afterSyncs: 1)
        let log = try Fixture.open(in: disk, sealMilliseconds: 1)
        try await log.put(TestRecord("one"))
        try await eventually { disk.isStuck }
        let position = try log.append([TestRecord("two")], to: ShardID(0))
        try await eventually { log.stallMilliseconds > 20 }
        disk.release()
        await log.durable(through: position)
        try await eventually { log.stallMilliseconds == 0 }
        await log.shutDown()
    }

    @Test("free room is what the file system says")
    func freeBytes() throws {
        let files = FaultyFileSystem(capacityBytes: 1 << 30)
        let directory = try Fixture.directory(in: files)
        #expect(directory.freeBytes == UInt64((1 << 30) - files.usedBytes))
        directory.close()
    }
}

/// A file system on which the syncs of one file hang until they are released.
private final class StuckFileSystem: FileSystem {
    enum Topic: Int, CaseIterable, Sendable { case released }

    struct State: Sendable {
        /// Syncs that still pass; nil for all.
        var syncsLeft: Int?
        var isStuck = false
    }

    private let files: any FileSystem
    private let path: String
    private let state = Monitor<State, Topic>(State())

    init(_ files: any FileSystem, path: String) {
        self.files = files
        self.path = path
    }

    func hold(afterSyncs count: Int = 0) { state.withLock { $0.syncsLeft = count } }

    func release() {
        state.withLock { $0.syncsLeft = nil }
        state.wake(.released)
    }

    /// Whether a sync hangs now.
    var isStuck: Bool { state.withLock { $0.isStuck } }

    fileprivate func syncBegins(_ path: String) {
        guard path == self.path else { return }
        state.withLock { state in
            if let left = state.syncsLeft, left > 0 {
                state.syncsLeft = left - 1
            } else {
                state.isStuck = state.syncsLeft != nil
            }
        }
        _ = state.wait(for: .released) { state -> Bool? in
            guard !state.isStuck || state.syncsLeft == nil else { return nil }
            state.isStuck = false
            return true
        }
    }

    func open(_ path: String, _ mode: FileOpenMode) throws(StorageError) -> any StorageFile {
        StuckFile(try files.open(path, mode), in: self)
    }

    func createDirectory(_ path: String, permissions: UInt32) throws(StorageError) -> Bool {
        try files.createDirectory(path, permissions: permissions)
    }

    func names(in directory: String) throws(StorageError) -> [String] {
        try files.names(in: directory)
    }

    func rename(_ path: String, to newPath: String) throws(StorageError) {
        try files.rename(path, to: newPath)
    }

    func unlink(_ path: String) throws(StorageError) { try files.unlink(path) }
    func fsyncDirectory(_ path: String) throws(StorageError) { try files.fsyncDirectory(path) }
    func freeBytes(at path: String) throws(StorageError) -> UInt64 {
        try files.freeBytes(at: path)
    }
}

private final class StuckFile: StorageFile {
    private let file: any StorageFile
    private let fileSystem: StuckFileSystem

    init(_ file: any StorageFile, in fileSystem: StuckFileSystem) {
        self.file = file
        self.fileSystem = fileSystem
    }

    var path: String { file.path }

    func fdatasync() throws(StorageError) {
        fileSystem.syncBegins(path)
        try file.fdatasync()
    }

    func size() throws(StorageError) -> UInt64 { try file.size() }
    func pread(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        try file.pread(count, at: offset)
    }
    func pwrite(
        _ bytes: [UInt8], in range: Range<Int>, at offset: UInt64
    ) throws(StorageError) -> Int { try file.pwrite(bytes, in: range, at: offset) }
    func fsync() throws(StorageError) { try file.fsync() }
    func truncate(to size: UInt64) throws(StorageError) { try file.truncate(to: size) }
    func reserve(_ size: UInt64) throws(StorageError) { try file.reserve(size) }
    func tryLock() throws(StorageError) -> Bool { try file.tryLock() }
    func close() { file.close() }
}
