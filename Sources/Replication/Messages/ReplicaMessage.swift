package import Persistence

/// What one message of a shard's stream says beside its records; docs/formats/replica.md has the
/// layout byte by byte.
///
/// The records of a batch are one section, with the bytes that the log of a single server has on
/// its disk. A section has no room for an owner, so this envelope goes around it.
package struct ReplicaMessage: Equatable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Records.
        case batch = 1
        /// Nothing, but the owner lives.
        case heartbeat = 2
        /// The first message of an epoch: from here on the stream is its sender's.
        case takeOver = 3
        /// The last message of an owner that stops in good order.
        case release = 4
    }

    package let kind: Kind
    package let shard: ShardID
    package let cluster: DirectoryID
    /// The sequence that the message has in its stream.
    package let sequence: UInt64
    package let epoch: UInt64
    package let owner: OwnerID
    package let writtenAtMilliseconds: UInt64
    /// The digest of the message before.
    package let previous: ChainDigest
    /// A section, an address, or nothing.
    package let body: Range<Int>

    /// "CSRM" read as a little-endian number.
    static let magic: UInt32 = 0x4d52_5343
    static let version: UInt8 = 1
    package static let headerBytes = 96
    /// A server takes messages of 1 MiB unless told otherwise; this leaves room, and keeps the time
    /// that one append takes short.
    package static let bytesMax = 512 << 10
    /// Where an owner can be reached.
    package static let addressBytesMax = 1024

    /// Why bytes are no message.
    package enum Fault: Error, Equatable, Sendable {
        case damaged(String)
        case futureVersion(UInt8)
    }

    package init(_ bytes: [UInt8]) throws(Fault) {
        do throws(DecodingFault) {
            var reader = ByteReader(bytes)
            guard try reader.read(UInt32.self) == Self.magic else {
                throw DecodingFault.invalidValue("no message of a shard")
            }
            let checksum = try reader.read(UInt32.self)
            guard bytes.count >= Self.headerBytes,
                CRC32C.of(bytes, in: 8..<bytes.count) == checksum
            else { throw DecodingFault.invalidValue("its checksum does not agree") }
            let length = Int(try reader.read(UInt32.self))
            let kind = Kind(rawValue: try reader.read(UInt8.self))
            version = try reader.read(UInt8.self)
            shard = ShardID(try reader.read(UInt16.self))
            cluster = DirectoryID(
                high: try reader.read(UInt64.self), low: try reader.read(UInt64.self))
            sequence = try reader.read(UInt64.self)
            epoch = try reader.read(UInt64.self)
            owner = try OwnerID(from: &reader)
            writtenAtMilliseconds = try reader.read(UInt64.self)
            previous = try ChainDigest(from: &reader)
            _ = try reader.read(UInt64.self)
            guard length == bytes.count else {
                throw DecodingFault.invalidValue("it has another length")
            }
            // A later version may have other kinds.
            self.kind = kind ?? .heartbeat
            guard kind != nil || version > Self.version else {
                throw DecodingFault.invalidValue("a kind that does not exist")
            }
            body = Self.headerBytes..<bytes.count
        } catch {
            throw .damaged("\(error)")
        }
        guard version <= Self.version else { throw .futureVersion(version) }
    }

    private let version: UInt8
}

extension ReplicaTail {
    /// Encodes the next message; the tail as it will be once that is in the stream is the second
    /// result.
    package func encode(
        _ kind: ReplicaMessage.Kind, epoch: UInt64, owner: OwnerID, place: StreamPlace,
        writtenAtMilliseconds: UInt64, address: String = "",
        records: (count: Int, bytes: [UInt8])? = nil
    ) -> (bytes: [UInt8], tail: ReplicaTail) {
        var writer = ByteWriter(
            capacity: ReplicaMessage.headerBytes + StreamTail.sectionHeaderBytes + 8
                + (records?.bytes.count ?? address.utf8.count))
        writer.write(ReplicaMessage.magic)
        writer.write(UInt32(0))
        writer.write(UInt32(0))
        writer.write(kind.rawValue)
        writer.write(ReplicaMessage.version)
        writer.write(place.shard.rawValue)
        writer.write(place.cluster.high)
        writer.write(place.cluster.low)
        writer.write(sequence + 1)
        writer.write(epoch)
        writer.write(owner.high)
        writer.write(owner.low)
        writer.write(writtenAtMilliseconds)
        writer.write(digest)
        writer.write(UInt64(0))
        precondition(writer.bytes.count == ReplicaMessage.headerBytes)
        var next = self
        if let records {
            next.stream.encode(
                shard: Int(place.shard.rawValue), recordCount: records.count, records.bytes,
                into: &writer)
        }
        if kind == .takeOver { writer.writeRaw(Array(address.utf8)) }
        let count = writer.bytes.count
        precondition(count <= ReplicaMessage.bytesMax)
        writer.overwrite(UInt32(count), at: 8)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<count), at: 4)
        next.sequence = sequence + 1
        next.digest = digest.extended(by: writer.bytes, in: 0..<count)
        next.epoch = epoch
        next.owner = kind == .release ? .none : owner
        if kind == .takeOver { next.address = address }
        return (writer.bytes, next)
    }
}
