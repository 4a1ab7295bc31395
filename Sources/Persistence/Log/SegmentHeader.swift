/// The first 4 KiB of a segment: whose log it belongs to and what its first frame continues, so
/// that a segment can be read without the ones before it.
struct SegmentHeader: Equatable, Sendable {
    let directory: DirectoryID
    let createdAtMilliseconds: UInt64
    /// Where the log stood when the segment began.
    let tail: LogTail

    var firstFrame: UInt64 { tail.frame + 1 }

    /// "CSWL" read as a little-endian number.
    private static let magic: UInt32 = 0x4c57_5343
    static let version: UInt16 = 1
    /// One page, so that frames begin page-aligned.
    static let bytes = 4096
    private static let fixedBytes = 72
    private static let streamBytes = 32
    /// What fits into the page, rounded down to a power of two.
    static let shardsMax = 64

    init(directory: DirectoryID, createdAtMilliseconds: UInt64, tail: LogTail) {
        precondition(tail.streams.count <= Self.shardsMax)
        self.directory = directory
        self.createdAtMilliseconds = createdAtMilliseconds
        self.tail = tail
    }

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: Self.bytes)
        writer.write(Self.magic)
        writer.write(UInt32(0))
        writer.write(Self.version)
        writer.write(UInt16(tail.streams.count))
        writer.write(UInt32(0))
        writer.write(directory.high)
        writer.write(directory.low)
        writer.write(firstFrame)
        writer.write(createdAtMilliseconds)
        writer.write(tail.digest)
        for stream in tail.streams {
            writer.write(stream.section)
            writer.write(stream.record)
            writer.write(stream.digest)
        }
        writer.writeRaw([UInt8](repeating: 0, count: Self.bytes - writer.bytes.count))
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<Self.bytes), at: 4)
        return writer.bytes
    }

    /// - Parameter bytes: a segment, or its beginning.
    init(_ bytes: [UInt8], file: String) throws(StorageError) {
        func corrupt(_ reason: String) -> StorageError {
            .corrupt(file: file, offset: 0, reason: reason)
        }
        guard bytes.count >= Self.bytes else { throw corrupt("the header is cut short") }
        do {
            var reader = ByteReader(bytes, in: 0..<Self.bytes)
            guard try reader.read(UInt32.self) == Self.magic else {
                throw corrupt("this is no segment of a log")
            }
            guard try reader.read(UInt32.self) == CRC32C.of(bytes, in: 8..<Self.bytes) else {
                throw corrupt("the header fails its checksum")
            }
            let version = try reader.read(UInt16.self)
            guard version <= Self.version else {
                throw StorageError.futureVersion(
                    file: file, found: version, supported: Self.version)
            }
            let shards = Int(try reader.read(UInt16.self))
            guard shards <= Self.shardsMax else { throw corrupt("it claims \(shards) shards") }
            _ = try reader.read(UInt32.self)
            let high = try reader.read(UInt64.self)
            directory = DirectoryID(high: high, low: try reader.read(UInt64.self))
            var tail = LogTail(shardCount: shards)
            let first = try reader.read(UInt64.self)
            guard first > 0 else { throw corrupt("frames are counted from 1") }
            tail.frame = first - 1
            createdAtMilliseconds = try reader.read(UInt64.self)
            tail.digest = try ChainDigest(from: &reader)
            for shard in 0..<shards {
                tail.streams[shard].section = try reader.read(UInt64.self)
                tail.streams[shard].record = try reader.read(UInt64.self)
                tail.streams[shard].digest = try ChainDigest(from: &reader)
            }
            self.tail = tail
        } catch let error as StorageError {
            throw error
        } catch {
            throw corrupt("\(error)")
        }
    }
}
