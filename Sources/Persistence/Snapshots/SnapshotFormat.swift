/// The layout of a snapshot file; docs/formats/snapshot.md has it byte by byte.
///
/// header | one block for each chunk | footer. Every header carries its own CRC-32C, a block's
/// covers its compressed bytes too, and the footer the SHA-256 of everything before it.
package enum SnapshotFormat {
    /// One chunk, uncompressed. Bounded, so that reading and writing a snapshot of any size takes a
    /// few blocks of memory.
    package static let chunkBytesMax = 256 * 1024
    static let version: UInt16 = 1
    /// "CSSN", "CSSB" and "CSSF" read as little-endian numbers.
    static let headerMagic: UInt32 = 0x4e53_5343
    static let blockMagic: UInt32 = 0x4253_5343
    static let footerMagic: UInt32 = 0x4653_5343
    static let headerFixedBytes = 72
    static let blockHeaderBytes = 32
    static let footerBytes = 64

    static func headerBytes(shards: Int) -> Int { headerFixedBytes + shards * 8 }
}

/// What a snapshot says about itself.
struct SnapshotHeader: Equatable, Sendable {
    let directory: DirectoryID
    let createdAtMilliseconds: UInt64
    /// The frame that the snapshot's base was, and the digest of the log there.
    let frame: UInt64
    let digest: ChainDigest
    /// The last record of each shard at the base.
    let records: [UInt64]

    var base: SnapshotBase {
        SnapshotBase(frame: frame, records: .byShard(records), digest: digest, logBytes: 0)
    }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(SnapshotFormat.headerMagic)
        writer.write(UInt32(0))
        writer.write(SnapshotFormat.version)
        writer.write(UInt16(records.count))
        writer.write(UInt32(0))
        writer.write(directory.high)
        writer.write(directory.low)
        writer.write(createdAtMilliseconds)
        writer.write(frame)
        writer.write(digest)
        writer.write(UInt64(0))
        for record in records { writer.write(record) }
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<writer.bytes.count), at: 4)
        return writer.bytes
    }

    /// - Throws: what is wrong, as a `SnapshotFault`.
    init(_ bytes: [UInt8]) throws(SnapshotFault) {
        guard bytes.count >= SnapshotFormat.headerFixedBytes else { throw .corrupt("cut short") }
        do {
            var reader = ByteReader(bytes)
            guard try reader.read(UInt32.self) == SnapshotFormat.headerMagic else {
                throw SnapshotFault.corrupt("this is no snapshot")
            }
            let checksum = try reader.read(UInt32.self)
            let version = try reader.read(UInt16.self)
            let shards = Int(try reader.read(UInt16.self))
            let end = SnapshotFormat.headerBytes(shards: shards)
            guard shards <= SegmentHeader.shardsMax, bytes.count >= end,
                CRC32C.of(bytes, in: 8..<end) == checksum
            else { throw SnapshotFault.corrupt("the header fails its checksum") }
            guard version <= SnapshotFormat.version else {
                throw SnapshotFault.futureVersion(version)
            }
            _ = try reader.read(UInt32.self)
            let high = try reader.read(UInt64.self)
            directory = DirectoryID(high: high, low: try reader.read(UInt64.self))
            createdAtMilliseconds = try reader.read(UInt64.self)
            frame = try reader.read(UInt64.self)
            digest = try ChainDigest(from: &reader)
            _ = try reader.read(UInt64.self)
            var records: [UInt64] = []
            for _ in 0..<shards { records.append(try reader.read(UInt64.self)) }
            self.records = records
        } catch let fault as SnapshotFault {
            throw fault
        } catch {
            throw .corrupt("\(error)")
        }
    }

    init(
        directory: DirectoryID, createdAtMilliseconds: UInt64, frame: UInt64, digest: ChainDigest,
        records: [UInt64]
    ) {
        self.directory = directory
        self.createdAtMilliseconds = createdAtMilliseconds
        self.frame = frame
        self.digest = digest
        self.records = records
    }
}

extension [ShardID: UInt64] {
    static func byShard(_ values: [UInt64]) -> Self {
        Dictionary(
            uniqueKeysWithValues: values.enumerated().map { (ShardID(UInt16($0)), $1) })
    }
}

/// What can be wrong with a snapshot's content.
enum SnapshotFault: Error, Equatable {
    case corrupt(String)
    case futureVersion(UInt16)

    func error(file: String, offset: UInt64) -> StorageError {
        switch self {
        case .corrupt(let reason): .corrupt(file: file, offset: offset, reason: reason)
        case .futureVersion(let found):
            .futureVersion(file: file, found: found, supported: SnapshotFormat.version)
        }
    }
}

/// A chunk on the disk: what it is, and its bytes compressed.
struct SnapshotBlock {
    let header: SnapshotPartHeader
    let rawBytes: Int
    let compressed: [UInt8]

    init(_ header: SnapshotPartHeader, chunk: [UInt8]) {
        precondition(chunk.count <= SnapshotFormat.chunkBytesMax)
        self.header = header
        rawBytes = chunk.count
        compressed = Zlib.compress(chunk)
    }

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: SnapshotFormat.blockHeaderBytes + compressed.count)
        writer.write(SnapshotFormat.blockMagic)
        writer.write(UInt32(0))
        writer.write(header.kind)
        writer.write(header.shard.rawValue)
        writer.write(UInt32(rawBytes))
        writer.write(UInt32(compressed.count))
        writer.write(UInt32(0))
        writer.write(header.appliedRecord)
        writer.writeRaw(compressed)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<writer.bytes.count), at: 4)
        return writer.bytes
    }
}
