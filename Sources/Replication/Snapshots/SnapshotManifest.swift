import Crypto
import Persistence

/// The last message of a snapshot: without it there is none. docs/formats/replica.md has the layout
/// byte by byte.
package struct SnapshotManifest: Equatable, Sendable {
    package let place: StreamPlace
    /// Where the shard's stream stood: what comes after it is to be replayed.
    package let tail: ReplicaTail
    package let createdAtMilliseconds: UInt64
    /// The sequence of each chunk in the stream of snapshots, in their order.
    package let chunks: [UInt64]
    /// Of all chunks one after the other.
    package let hash: [UInt8]

    /// "CSRS" read as a little-endian number.
    private static let magic: UInt32 = 0x5352_5343
    private static let version: UInt16 = 1
    /// A manifest is one message, so a snapshot has so many chunks at the most: 14 GiB.
    package static let chunksMax = 56 * 1024

    package init(
        place: StreamPlace, tail: ReplicaTail, createdAtMilliseconds: UInt64, chunks: [UInt64],
        hash: [UInt8]
    ) {
        self.place = place
        self.tail = tail
        self.createdAtMilliseconds = createdAtMilliseconds
        self.chunks = chunks
        self.hash = hash
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 256 + chunks.count * 8)
        writer.write(Self.magic)
        writer.write(UInt32(0))
        writer.write(Self.version)
        writer.write(place.shard.rawValue)
        writer.write(UInt32(0))
        writer.write(place.cluster.high)
        writer.write(place.cluster.low)
        writer.write(createdAtMilliseconds)
        writer.write(tail.sequence)
        writer.write(tail.digest)
        writer.write(tail.stream.record)
        writer.write(tail.stream.section)
        writer.write(tail.stream.digest)
        writer.write(tail.epoch)
        writer.write(tail.owner.high)
        writer.write(tail.owner.low)
        writer.write(tail.address)
        writer.write(hash)
        writer.writeVarint(UInt64(chunks.count))
        for chunk in chunks { writer.write(chunk) }
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<writer.bytes.count), at: 4)
        return writer.bytes
    }

    /// Nil unless every byte is as it was written, by this version or an older one.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= 16 else { return nil }
        do throws(DecodingFault) {
            var reader = ByteReader(bytes)
            guard try reader.read(UInt32.self) == Self.magic,
                try reader.read(UInt32.self) == CRC32C.of(bytes, in: 8..<bytes.count),
                try reader.read(UInt16.self) <= Self.version
            else { return nil }
            let shard = ShardID(try reader.read(UInt16.self))
            _ = try reader.read(UInt32.self)
            let cluster = DirectoryID(
                high: try reader.read(UInt64.self), low: try reader.read(UInt64.self))
            place = StreamPlace(cluster: cluster, shard: shard)
            createdAtMilliseconds = try reader.read(UInt64.self)
            var tail = ReplicaTail()
            tail.sequence = try reader.read(UInt64.self)
            tail.digest = try ChainDigest(from: &reader)
            tail.stream.record = try reader.read(UInt64.self)
            tail.stream.section = try reader.read(UInt64.self)
            tail.stream.digest = try ChainDigest(from: &reader)
            tail.epoch = try reader.read(UInt64.self)
            tail.owner = try OwnerID(from: &reader)
            tail.address = try reader.readString()
            self.tail = tail
            hash = try reader.readBytes()
            let count = Int(try reader.readVarint())
            guard count <= Self.chunksMax, reader.remaining == count * 8 else { return nil }
            var chunks: [UInt64] = []
            for _ in 0..<count { chunks.append(try reader.read(UInt64.self)) }
            self.chunks = chunks
        } catch {
            return nil
        }
    }
}

/// Puts a snapshot's chunks together again, in their order, and says whether they are the ones that
/// were written. Pure.
struct SnapshotAssembly {
    private let manifest: SnapshotManifest
    private var hash = SHA256()
    private(set) var count = 0

    init(_ manifest: SnapshotManifest) { self.manifest = manifest }

    /// Nil when the bytes are not the next chunk.
    mutating func add(_ bytes: [UInt8]) -> (SnapshotPartHeader, chunk: [UInt8])? {
        guard count < manifest.chunks.count, let block = SnapshotMessage.decode(bytes),
            block.0.shard == manifest.place.shard
        else { return nil }
        hash.update(data: bytes)
        count += 1
        return block
    }

    var isWhole: Bool {
        count == manifest.chunks.count && Array(hash.finalize()) == manifest.hash
    }
}
