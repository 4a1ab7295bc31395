/// A snapshot whose every byte has been read and found right.
package struct SnapshotFile: Sendable {
    package private(set) var path: String
    package var base: SnapshotBase { header.base }
    let header: SnapshotHeader
    let bytes: UInt64
    /// For each shard the newest record that any part has: it must not be beyond the log's end.
    let newestApplied: [UInt64]
    private let fileSystem: any FileSystem

    /// Reads the whole file once.
    ///
    /// - Parameter visit: shown every block, once its own checks have passed.
    /// - Throws: `StorageError.corrupt` or `.futureVersion`, or what the system says.
    init(
        verifying path: String, in fileSystem: any FileSystem,
        visit: (SnapshotPartHeader, [UInt8]) throws(StorageError) -> Void = { _, _ in }
    ) throws(StorageError) {
        var source = try SnapshotSource(path, fileSystem)
        let shards = source.header.records.count
        var newest = source.header.records
        var blocks: UInt64 = 0
        while let block = try source.nextBlock() {
            let shard = Int(block.header.shard.rawValue)
            guard shard < shards else {
                throw source.corrupt("a part of shard \(shard), which does not exist")
            }
            newest[shard] = max(newest[shard], block.header.appliedRecord)
            try visit(block.header, block.chunk)
            blocks += 1
        }
        try source.checkFooter(blocks: blocks)
        self.path = path
        self.fileSystem = fileSystem
        header = source.header
        bytes = source.fileBytes
        newestApplied = newest
    }

    func renamed(to path: String) -> SnapshotFile {
        var file = self
        file.path = path
        return file
    }

    /// Calls `body` with every chunk, in the order they were written.
    package func forEachChunk(
        _ body: (SnapshotPartHeader, [UInt8]) throws -> Void
    ) throws {
        var source = try SnapshotSource(path, fileSystem)
        while let block = try source.nextBlock() { try body(block.header, block.chunk) }
    }
}

/// Reads a snapshot from front to back, checking as it goes.
private struct SnapshotSource {
    let path: String
    let header: SnapshotHeader
    let fileBytes: UInt64
    private let file: any StorageFile
    private let blocksEnd: UInt64
    private var offset: UInt64
    private var hash = RunningSHA256()

    init(_ path: String, _ fileSystem: any FileSystem) throws(StorageError) {
        self.path = path
        file = try fileSystem.open(path, .reading)
        fileBytes = try file.size()
        let start = try file.read(
            SnapshotFormat.headerBytes(shards: SegmentHeader.shardsMax), at: 0)
        do throws(SnapshotFault) {
            header = try SnapshotHeader(start)
        } catch {
            throw error.error(file: path, offset: 0)
        }
        let headerBytes = SnapshotFormat.headerBytes(shards: header.records.count)
        offset = UInt64(headerBytes)
        guard fileBytes >= offset + UInt64(SnapshotFormat.footerBytes) else {
            throw .corrupt(file: path, offset: fileBytes, reason: "cut short")
        }
        blocksEnd = fileBytes - UInt64(SnapshotFormat.footerBytes)
        hash.update(start, in: 0..<headerBytes)
    }

    func corrupt(_ reason: String) -> StorageError {
        .corrupt(file: path, offset: offset, reason: reason)
    }

    mutating func nextBlock() throws(StorageError) -> (
        header: SnapshotPartHeader, chunk: [UInt8]
    )? {
        guard offset < blocksEnd else { return nil }
        let headerBytes = SnapshotFormat.blockHeaderBytes
        var bytes = try file.read(headerBytes, at: offset)
        guard let fields = Fields(bytes), fields.rawBytes <= SnapshotFormat.chunkBytesMax,
            UInt64(fields.compressedBytes) <= blocksEnd - offset
        else { throw corrupt("no block begins here") }
        bytes += try file.read(fields.compressedBytes, at: offset + UInt64(headerBytes))
        guard bytes.count == headerBytes + fields.compressedBytes,
            CRC32C.of(bytes, in: 8..<bytes.count) == fields.checksum
        else { throw corrupt("a block fails its checksum") }
        guard
            let chunk = Zlib.decompress(Array(bytes[headerBytes...]), rawBytes: fields.rawBytes)
        else { throw corrupt("a block does not decompress") }
        hash.update(bytes, in: 0..<bytes.count)
        offset += UInt64(bytes.count)
        return (fields.header, chunk)
    }

    func checkFooter(blocks: UInt64) throws(StorageError) {
        let bytes = try file.read(SnapshotFormat.footerBytes, at: blocksEnd)
        let expected = SnapshotFooter(blocks: blocks, length: blocksEnd, hash: hash.finish())
        guard offset == blocksEnd, bytes == expected.encoded else {
            throw corrupt("the footer does not agree with the content")
        }
    }

    private struct Fields {
        let checksum: UInt32
        let header: SnapshotPartHeader
        let rawBytes: Int
        let compressedBytes: Int

        init?(_ bytes: [UInt8]) {
            var reader = ByteReader(bytes)
            guard (try? reader.read(UInt32.self)) == SnapshotFormat.blockMagic,
                let checksum = try? reader.read(UInt32.self),
                let kind = try? reader.read(UInt16.self),
                let shard = try? reader.read(UInt16.self),
                let raw = try? reader.read(UInt32.self),
                let compressed = try? reader.read(UInt32.self),
                (try? reader.read(UInt32.self)) != nil,
                let applied = try? reader.read(UInt64.self)
            else { return nil }
            self.checksum = checksum
            header = SnapshotPartHeader(
                kind: kind, shard: ShardID(shard), appliedRecord: applied)
            rawBytes = Int(raw)
            compressedBytes = Int(compressed)
        }
    }
}

/// The end of a snapshot: a file without it was never finished.
struct SnapshotFooter {
    let blocks: UInt64
    /// Bytes before the footer.
    let length: UInt64
    let hash: [UInt8]

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: SnapshotFormat.footerBytes)
        writer.write(SnapshotFormat.footerMagic)
        writer.write(UInt32(0))
        writer.write(blocks)
        writer.write(length)
        writer.writeRaw(hash)
        writer.write(UInt64(0))
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<writer.bytes.count), at: 4)
        return writer.bytes
    }
}
