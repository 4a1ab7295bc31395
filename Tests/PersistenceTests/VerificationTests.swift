import Persistence
import TestSupport
import Testing

@testable import Persistence

@Suite("Verification")
struct VerificationTests {
    /// Two segments' worth of shapes, two snapshots, closed cleanly.
    static func history() async throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        for number in 0..<6 {
            let base = log.snapshotBase()
            try await log.put(
                TestRecord([UInt8](repeating: UInt8(number + 1), count: 30 + number * 90)),
                shard: UInt16(number % 3))
            if number == 2 || number == 4 {
                try log.putSnapshot([.of(Array("state \(number)".utf8), at: base)], base: base)
            }
        }
        await log.shutDown()
        return disk
    }

    static let everything = Verification.Decoder(
        section: { section in
            var reader = section.reader
            while !reader.isAtEnd {
                let stored = try RecordBatch.next(from: &reader)
                var body = stored.reader
                _ = try TestRecord(kind: stored.kind, version: stored.version, from: &body)
            }
        }, chunk: { _, _ in })

    private func verify(_ disk: FaultyFileSystem) throws -> Verification {
        try Verification(Fixture.path, in: disk, decoder: Self.everything)
    }

    @Test("a whole directory is whole, counted, and left as it was")
    func whole() async throws {
        let disk = try await Self.history()
        let before = disk.contents(of: Fixture.path)
        let verification = try verify(disk)
        #expect(verification.findings == [])
        #expect(verification.files.map(\.name) == before.keys.sorted())
        // Six batches and the clean mark.
        #expect(verification.frames == 7)
        #expect(verification.newestFrame?.number == 7)
        #expect(disk.contents(of: Fixture.path) == before)
    }

    @Test("a flipped bit anywhere is found wherever recovery or nobody else would find it")
    func everyFlip() async throws {
        let disk = try await Self.history()
        let files = disk.contents(of: Fixture.path)
        for (name, content) in files where name != FileName.lock && !FileName.isTemporary(name) {
            let end = ByteScan.endOfContent(content, in: 0..<content.count)
            for byte in 0..<end {
                let copy = disk.copy()
                copy.flip(bit: byte * 8 + byte % 8, of: Fixture.file(name))
                let damaged = copy.contents(of: Fixture.path)
                let verification = try verify(copy)
                let file = try #require(verification.files.first { $0.name == name })
                let isNoticed: Bool
                switch file.verdict {
                case .whole, .ignored: isNoticed = false
                case .torn, .superfluous, .damaged: isNoticed = true
                }
                #expect(isNoticed, "byte \(byte) of \(name)")
                #expect(copy.contents(of: Fixture.path) == damaged)
                // A start can't be more careful about the log than the verification is.
                if verification.isWhole {
                    await #expect(throws: Never.self) {
                        try await Fixture.open(in: copy).shutDown()
                    }
                }
            }
        }
    }

    @Test("damage does not hide what is behind it")
    func behindDamage() async throws {
        let disk = try await Self.history()
        let name = FileName.segment(firstFrame: 1).text
        let segment = try #require(disk.contents(of: Fixture.path)[name])
        let second = frames(in: segment)[1].range.lowerBound
        disk.flip(bit: (second + 80) * 8, of: Fixture.file(name))
        for frame in [2, 4] { disk.flip(bit: 8 * 90, of: Fixture.snapshot(UInt64(frame))) }
        let verification = try verify(disk)
        #expect(verification.findings.count == 3)
        guard
            case .damaged(.corrupt(_, let offset, _)) = verification.files.first(where: {
                $0.name == name
            })?.verdict
        else {
            Issue.record("the segment is not damaged")
            return
        }
        #expect(offset == UInt64(second))
    }

    @Test("a running log is named and left alone")
    func locked() async throws {
        let disk = FaultyFileSystem()
        let log = try Fixture.open(in: disk)
        let before = disk.contents(of: Fixture.path)[FileName.lock]
        #expect(throws: StorageError.locked(directory: Fixture.path, pid: ownPID())) {
            try verify(disk)
        }
        #expect(disk.contents(of: Fixture.path)[FileName.lock] == before)
        await log.shutDown()
    }

    @Test("records that can't be understood are damage, whatever their checksums say")
    func notUnderstood() async throws {
        let disk = try await Self.history()
        struct Unknown: Error {}
        let verification = try Verification(
            Fixture.path, in: disk,
            decoder: .init(section: { _ in throw Unknown() }, chunk: { _, _ in throw Unknown() }))
        #expect(verification.findings.count == 3)
    }

    @Test("a missing segment, snapshot or manifest is a finding")
    func missing() async throws {
        let disk = try await Self.history()
        for name in [FileName.manifest, FileName.segment(firstFrame: 1).text] {
            let copy = disk.copy()
            copy.replace(Fixture.file(name), with: nil)
            let findings = try verify(copy).findings
            #expect(
                findings.contains { error in
                    if case .missing(let file, _) = error { return file == Fixture.file(name) }
                    return false
                }, "\(name)")
        }
    }
}
