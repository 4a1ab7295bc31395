import Persistence
import TestSupport
import Testing

@testable import Persistence

@Suite("Backups")
struct BackupTests {
    private static let file = "/backups/one.tar"
    private static let newPath = "/restored"

    private func backup(_ disk: FaultyFileSystem) throws -> Backup {
        _ = try disk.createDirectory("/backups", permissions: 0o700)
        let log = try FrozenLog(DataDirectory.read(Fixture.path, in: disk))
        return try BackupWriter(log, decoder: VerificationTests.everything)
            .write(to: Self.file, about: "about", in: disk)
    }

    @Test("what is restored recovers to the same records")
    func roundTrip() async throws {
        let disk = try await VerificationTests.history()
        let before = disk.contents(of: Fixture.path)
        _ = try backup(disk)
        #expect(disk.contents(of: Fixture.path) == before)
        let backup = try Backup(Self.file, in: disk)
        #expect(backup.about == "about")
        #expect(try backup.metadata() == Fixture.metadata)
        try backup.restore(to: Self.newPath, in: disk)
        let log = try Fixture.open(in: disk, path: Self.newPath)
        let original = try Fixture.open(in: disk)
        #expect(try log.records() == original.records())
        #expect(log.latestSnapshot()?.base.frame == 4)
        #expect(log.notices.isEmpty)
        await log.shutDown()
        await original.shutDown()
    }

    @Test("a running log is read up to what was durable, and goes on")
    func online() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for number in 0..<5 { try await log.put(TestRecord("record \(number)")) }
        let extent = log.extent
        try await log.put(TestRecord("later"))
        let frozen = try FrozenLog(DataDirectory.read(Fixture.path, upTo: extent, in: disk))
        #expect(frozen.endFrame == 5)
        var sections = 0
        try frozen.read { _ in sections += 1 }
        #expect(sections == 5)
        _ = try disk.createDirectory("/backups", permissions: 0o700)
        _ = try BackupWriter(frozen, decoder: VerificationTests.everything)
            .write(to: Self.file, about: "", in: disk)
        try Backup(Self.file, in: disk).restore(to: Self.newPath, in: disk)
        let restored = try Fixture.open(in: disk, path: Self.newPath)
        #expect(try restored.records()[0]?.count == 5)
        await restored.shutDown()
        await log.shutDown()
    }

    @Test("only what the newest snapshot needs is asked for")
    func newestExtent() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for number in 0..<9 {
            _ = try await log.putWhenReady(TestRecord([UInt8](repeating: 1, count: 20_000)))
            let base = log.snapshotBase()
            if number == 6 { try log.putSnapshot([.of([1], at: base)], base: base) }
        }
        let extent = log.extent
        #expect(extent.segments.count > 2)
        #expect(extent.newest.segments.count < extent.segments.count)
        #expect(extent.newest.snapshots == [7])
        let frozen = try FrozenLog(
            DataDirectory.read(Fixture.path, upTo: extent.newest, in: disk))
        #expect(frozen.endFrame == 9)
        await log.shutDown()
    }

    @Test("a flipped bit anywhere in a backup is found, and so is every cut")
    func damage() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        try await log.put(TestRecord("one"))
        await log.shutDown()
        _ = try backup(disk)
        let whole = try #require(disk.contents(of: "/backups")["one.tar"])
        for byte in whole.indices {
            let copy = disk.copy()
            copy.flip(bit: byte * 8 + byte % 8, of: Self.file)
            do throws(StorageError) {
                _ = try Backup(Self.file, in: copy)
                Issue.record("byte \(byte) is not noticed")
            } catch {
                guard case .corrupt = error else {
                    Issue.record("byte \(byte): \(error)")
                    continue
                }
            }
        }
        for size in stride(from: 0, to: whole.count, by: 97) {
            disk.replace(Self.file, with: Array(whole.prefix(size)))
            #expect(throws: StorageError.self, "cut at \(size)") {
                try Backup(Self.file, in: disk)
            }
        }
    }

    @Test("nothing is overwritten")
    func taken() async throws {
        let disk = try await VerificationTests.history()
        let backup = try backup(disk)
        let content = disk.contents(of: "/backups")
        #expect(throws: StorageError.system(operation: "write", path: Self.file, errno: 17)) {
            try self.backup(disk)
        }
        #expect(disk.contents(of: "/backups") == content)
        _ = backup
        #expect(throws: StorageError.system(operation: "use", path: Fixture.path, errno: 17)) {
            try Backup(Self.file, in: disk).restore(to: Fixture.path, in: disk)
        }
    }

    @Test("a full disk leaves no file behind")
    func full() async throws {
        let disk = try await VerificationTests.history()
        _ = try disk.createDirectory("/backups", permissions: 0o700)
        let log = try FrozenLog(DataDirectory.read(Fixture.path, in: disk))
        disk.failOnce(.write, namePrefix: "one", errno: 28)
        #expect(throws: StorageError.self) {
            try BackupWriter(log, decoder: VerificationTests.everything)
                .write(to: Self.file, about: "", in: disk)
        }
        #expect(disk.contents(of: "/backups").isEmpty)
    }

    @Test("sizes beyond octal digits are written as GNU tar does")
    func largeSizes() throws {
        for bytes: UInt64 in [0, 511, 1 << 33, 1 << 40] {
            let header = Tar.header(name: "large", bytes: bytes, modifiedAtSeconds: 0)
            #expect(header.count == Tar.blockBytes)
            let file = FileBytes("x", header + Tar.end)
            if bytes == 0 {
                #expect(try Tar.entries(of: file).map(\.range) == [512..<512])
            } else {
                // The content is not there, and its size is understood.
                #expect(throws: StorageError.self) { try Tar.entries(of: file) }
            }
        }
    }
}
