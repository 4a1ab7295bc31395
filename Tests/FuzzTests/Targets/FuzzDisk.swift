import Persistence
import TestSupport

@testable import Persistence

/// The files of a data directory. Checksums would keep the fuzzer out, so they are made right as
/// well: what is behind them has to stand by itself.
enum FuzzDisk {
    static func frames(_ bytes: [UInt8]) {
        for bytes in [bytes, withRightFrame(bytes)] {
            _ = TornTail.laterFrame(bytes, after: 0, newerThan: 0)
            var offset = 0
            let contentEnd = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
            var tail = LogTail(shardCount: 4)
            scan: while offset < bytes.count {
                switch FrameReader.read(bytes, at: offset) {
                case .valid(let frame):
                    require(frame.range.lowerBound == offset, "a frame is where it was looked for")
                    require(frame.range.upperBound <= bytes.count, "a frame ends within the file")
                    require(frame.range.count >= Frame.emptyBytes, "a frame has a header")
                    sections(of: frame, in: bytes)
                    var next = tail
                    if (try? next.advance(past: frame, in: bytes)) != nil { tail = next }
                    offset = frame.range.upperBound
                case .invalid(_, let trusted):
                    _ = TornTail.isTorn(
                        bytes, at: offset, contentEnd: contentEnd, trustedLength: trusted)
                    break scan
                case .futureVersion: break scan
                }
            }
        }
    }

    private static func sections(of frame: ReadFrame, in bytes: [UInt8]) {
        guard let sections = try? FrameReader.sections(of: frame, in: bytes) else { return }
        for section in sections {
            require(frame.range.contains(section.range.lowerBound), "a section is in its frame")
            require(section.range.upperBound <= frame.range.upperBound, "and ends in it")
            var reader = section.logged(in: bytes, wallMilliseconds: 0).reader
            while !reader.isAtEnd, (try? RecordBatch.next(from: &reader)) != nil {}
        }
    }

    /// The bytes as a frame whose magic, length and checksums are right.
    private static func withRightFrame(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= Frame.emptyBytes else { return bytes }
        var writer = ByteWriter(capacity: bytes.count)
        writer.writeRaw(bytes.prefix(bytes.count / Frame.alignment * Frame.alignment))
        let size = writer.bytes.count
        writer.overwrite(Frame.magic, at: 0)
        writer.overwrite(UInt32(size), at: 12)
        writer.overwrite(1 + bytes[16] % 3, at: 16)
        writer.overwrite(Frame.version, at: 17)
        writer.overwrite(UInt16(bytes[18] % 4), at: 18)
        writer.overwrite(CRC32C.of(writer.bytes, in: Frame.headerBytes..<size), at: 8)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<Frame.headerBytes), at: 4)
        return writer.bytes
    }

    static func headers(_ bytes: [UInt8]) {
        _ = try? SegmentHeader(bytes, file: "fuzz")
        var writer = ByteWriter(capacity: SegmentHeader.bytes)
        writer.writeRaw(bytes.prefix(SegmentHeader.bytes))
        writer.writeRaw(
            [UInt8](repeating: 0, count: SegmentHeader.bytes - writer.bytes.count))
        writer.overwrite(UInt32(0x4c57_5343), at: 0)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<SegmentHeader.bytes), at: 4)
        guard let header = try? SegmentHeader(writer.bytes, file: "fuzz") else { return }
        let again = try? SegmentHeader(header.encoded, file: "fuzz")
        require(again == header, "a header that was read can be written and read again")
    }

    static func snapshots(_ bytes: [UInt8]) {
        _ = try? SnapshotHeader(bytes)
        let disk = FaultyFileSystem()
        let path = "/snapshot"
        for content in [bytes, withRightHeader(bytes)] {
            disk.replace(path, with: content)
            let file = try? SnapshotFile(verifying: path, in: disk) {
                _, chunk throws(StorageError) in
                require(chunk.count <= SnapshotFormat.chunkBytesMax, "a chunk has its bounds")
            }
            require(file == nil || file?.bytes == UInt64(content.count), "all of it was read")
        }
        if let first = bytes.first {
            let chunk = Array(bytes.dropFirst())
            let unpacked = Zlib.decompress(chunk, rawBytes: Int(first) * 16)
            require(unpacked == nil || unpacked?.count == Int(first) * 16, "as long as it said")
        }
    }

    /// One shard, one block, each with its checksum.
    private static func withRightHeader(_ bytes: [UInt8]) -> [UInt8] {
        let headerBytes = SnapshotFormat.headerBytes(shards: 1)
        let start = headerBytes + SnapshotFormat.blockHeaderBytes
        guard bytes.count > start + SnapshotFormat.footerBytes else { return bytes }
        var writer = ByteWriter(capacity: bytes.count)
        writer.writeRaw(bytes)
        writer.overwrite(SnapshotFormat.headerMagic, at: 0)
        writer.overwrite(SnapshotFormat.version, at: 8)
        writer.overwrite(UInt16(1), at: 10)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<headerBytes), at: 4)
        let end = bytes.count - SnapshotFormat.footerBytes
        writer.overwrite(SnapshotFormat.blockMagic, at: headerBytes)
        writer.overwrite(UInt32(end - start), at: headerBytes + 16)
        writer.overwrite(
            CRC32C.of(writer.bytes, in: headerBytes + 8..<end), at: headerBytes + 4)
        return writer.bytes
    }

    static func manifest(_ bytes: [UInt8]) {
        for bytes in [bytes, withRightChecksum(bytes)] {
            guard let manifest = try? Manifest(bytes, file: "fuzz") else { continue }
            // Longer ones than we write are read as well; only what fits can be written again.
            guard manifest.metadata.count <= 1024 else { continue }
            let again = try? Manifest(manifest.encoded, file: "fuzz")
            require(again == manifest, "a manifest that was read can be written and read again")
        }
    }

    private static func withRightChecksum(_ bytes: [UInt8]) -> [UInt8] {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let body = Array(lines.prefix(5).joined(separator: [UInt8(ascii: "\n")])) + [10]
        let checksum = String(CRC32C.of(body, in: 0..<body.count), radix: 16)
        let padded = String(repeating: "0", count: 8 - checksum.count) + checksum
        return body + Array("crc32c \(padded)\n".utf8)
    }
}
