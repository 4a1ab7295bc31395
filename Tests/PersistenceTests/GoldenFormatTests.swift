import Persistence
import TestSupport
import Testing

@testable import Persistence

/// The bytes on the disk, frozen: what this version writes, every later one must read.
@Suite("Frozen formats")
struct GoldenFormatTests {
    private static let wallMilliseconds: UInt64 = 1_700_000_000_000

    @Test("a log has exactly the bytes of docs/formats/log.md")
    func log() throws {
        try Golden.check("log-v1.hex", Self.hex(Self.segment().bytes))
    }

    @Test("a manifest has exactly the text of docs/formats/log.md, and zeros up to its room")
    func manifest() throws {
        let bytes = Self.manifest.encoded
        #expect(bytes.count == Manifest.bytesMax)
        let end = ByteScan.endOfContent(bytes, in: 0..<bytes.count)
        try Golden.check("manifest-v1.txt", String(decoding: bytes[..<end], as: UTF8.self))
        #expect(try Manifest(bytes, file: "manifest") == Self.manifest)
    }

    @Test("a snapshot has exactly the bytes of docs/formats/snapshot.md")
    func snapshot() throws {
        try Golden.check("snapshot-v1.hex", Self.hex(Self.snapshotBytes()))
    }

    @Test("a directory of the frozen files is opened, and says what was put into it")
    func open() async throws {
        let disk = FaultyFileSystem()
        try Fixture.directory(in: disk, shardCount: 2).close()
        disk.replace(Fixture.file(FileName.manifest), with: Self.manifest.encoded)
        disk.replace(Fixture.segment(1), with: Self.segment().bytes)
        disk.replace(Fixture.snapshot(1), with: Self.snapshotBytes())
        let log = try Fixture.open(in: disk)
        #expect(log.notices.isEmpty)
        #expect(try log.records() == Self.records)
        let snapshot = try #require(log.latestSnapshot())
        #expect(snapshot.base.records == [ShardID(0): 1, ShardID(1): 0])
        try snapshot.forEachChunk { header, chunk in
            #expect(
                header == SnapshotPartHeader(kind: 3, shard: ShardID(0), appliedRecord: 1))
            #expect(chunk == Self.chunk)
        }
        await log.shutDown()
    }

    // MARK: A small history: a batch, a batch of two shards, a seal, and a clean mark

    private static let records: [UInt16: [TestRecord]] = [
        0: [TestRecord("first"), TestRecord("second"), TestRecord("third")],
        1: [TestRecord([0xff])],
    ]
    private static let chunk = Array("state".utf8)

    private static var manifest: Manifest {
        Manifest(
            directory: Fixture.id, shardCount: 2, activeFirstFrame: 1, metadata: Fixture.metadata)
    }

    private static func section(_ shard: UInt16, _ range: Range<Int>) -> PendingSection {
        let batch = RecordBatch(records[shard, default: []][range])
        return PendingSection(
            shard: Int(shard), recordCount: batch.count, lastRecord: 0, bytes: batch.bytes)
    }

    /// - Returns: a segment with some room left, and where the log stands after its first frame.
    private static func segment() -> (bytes: [UInt8], afterFirst: LogTail) {
        var tail = LogTail(shardCount: 2)
        let header = SegmentHeader(
            directory: Fixture.id, createdAtMilliseconds: wallMilliseconds, tail: tail)
        var bytes = header.encoded
        func add(_ kind: Frame.Kind, _ sections: [PendingSection]) {
            bytes += tail.encode(kind, sections, wallMilliseconds: wallMilliseconds + tail.frame)
        }
        add(.batch, [section(0, 0..<1)])
        let afterFirst = tail
        add(.batch, [section(0, 1..<3), section(1, 0..<1)])
        add(.seal, [])
        add(.clean, [])
        bytes += [UInt8](repeating: 0, count: 1024)
        return (bytes, afterFirst)
    }

    private static func snapshotBytes() -> [UInt8] {
        let tail = segment().afterFirst
        var bytes =
            SnapshotHeader(
                directory: Fixture.id, createdAtMilliseconds: wallMilliseconds, frame: tail.frame,
                digest: tail.digest, records: tail.streams.map(\.record)
            ).encoded
        let part = SnapshotPartHeader(kind: 3, shard: ShardID(0), appliedRecord: 1)
        bytes += SnapshotBlock(part, chunk: chunk).encoded
        var hash = RunningSHA256()
        hash.update(bytes, in: 0..<bytes.count)
        return bytes
            + SnapshotFooter(blocks: 1, length: UInt64(bytes.count), hash: hash.finish()).encoded
    }

    /// 16 bytes a line behind their offset; lines of zeros are left out.
    private static func hex(_ bytes: [UInt8]) -> String {
        var text = "bytes \(bytes.count)\n"
        for offset in stride(from: 0, to: bytes.count, by: 16) {
            let line = bytes[offset..<min(offset + 16, bytes.count)]
            guard line.contains(where: { $0 != 0 }) else { continue }
            text += padded(String(offset), to: 5, with: " ")
            for byte in line { text += " " + padded(String(byte, radix: 16), to: 2, with: "0") }
            text += "\n"
        }
        return text
    }

    private static func padded(_ text: String, to width: Int, with fill: Character) -> String {
        String(repeating: fill, count: max(0, width - text.count)) + text
    }
}
