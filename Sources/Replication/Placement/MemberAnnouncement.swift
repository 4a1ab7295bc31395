package import Persistence

/// What a server says of itself once a second: that it lives, where it is, and which shards it
/// could take over at once.
///
/// It is a hint about who should own what. Nothing that matters for safety is made of it, so it is
/// not sealed: who may publish here may write to the streams as well.
package struct MemberAnnouncement: Equatable, Sendable {
    /// This start of the server.
    package var id: OwnerID
    /// Where the others reach it. It is the server's name in the placement, too: one that is
    /// started again at the same place has the same shards.
    package var address: String
    package var ordinal: Int
    /// Of the program, for people.
    package var version: String
    /// Unix milliseconds. Of two servers at one address the one that started last counts.
    package var startedAtMilliseconds: UInt64
    /// Counts the announcements of one start: one that was held up on its way does not bring back
    /// what a later one has taken away.
    package var number: UInt64 = 0
    /// Shards whose state is in its memory up to the end of the stream.
    package var warm: Set<ShardID> = []
    /// It is on its way out, and no choice for anything any more.
    package var isStopping = false

    /// More than any version of ours has.
    package static let versionBytesMax = 64

    package init(
        id: OwnerID, address: String, ordinal: Int, version: String, startedAtMilliseconds: UInt64
    ) {
        precondition(!address.isEmpty && address.utf8.count <= ReplicaMessage.addressBytesMax)
        precondition(version.utf8.count <= Self.versionBytesMax)
        precondition((0...Int(UInt16.max)).contains(ordinal))
        self.id = id
        self.address = address
        self.ordinal = ordinal
        self.version = version
        self.startedAtMilliseconds = startedAtMilliseconds
    }
}

// MARK: Bytes

extension MemberAnnouncement {
    /// "CSAN" read as a little-endian number.
    private static let magic: UInt32 = 0x4e41_5343
    /// An announcement of another version is for nobody here: a server is then no choice until both
    /// have the same one, and keeps what it has.
    private static let codecVersion: UInt8 = 1

    package func bytes(in cluster: DirectoryID) -> [UInt8] {
        var writer = ByteWriter(capacity: 160)
        writer.write(Self.magic)
        writer.write(Self.codecVersion)
        writer.write(cluster.high)
        writer.write(cluster.low)
        writer.write(id.high)
        writer.write(id.low)
        writer.write(number)
        writer.write(startedAtMilliseconds)
        writer.write(UInt16(ordinal))
        writer.write(isStopping)
        writer.write(address)
        writer.write(version)
        writer.writeArray(warm.sorted()) { $0.write($1.rawValue) }
        return writer.bytes
    }

    /// - Throws: for anything but the announcement of a server of this cluster.
    package init(_ bytes: [UInt8], in cluster: DirectoryID) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt32.self) == Self.magic,
            try reader.read(UInt8.self) == Self.codecVersion
        else { throw .invalidValue("no announcement of this version") }
        let found = DirectoryID(
            high: try reader.read(UInt64.self), low: try reader.read(UInt64.self))
        guard found == cluster else { throw .invalidValue("an announcement in another cluster") }
        id = try OwnerID(from: &reader)
        number = try reader.read(UInt64.self)
        startedAtMilliseconds = try reader.read(UInt64.self)
        ordinal = Int(try reader.read(UInt16.self))
        isStopping = try reader.readBool()
        address = try reader.readString()
        version = try reader.readString()
        warm = try Self.shards(&reader)
        guard reader.isAtEnd, id != .none, !address.isEmpty,
            address.utf8.count <= ReplicaMessage.addressBytesMax,
            version.utf8.count <= Self.versionBytesMax
        else { throw .invalidValue("an announcement of nobody, of nowhere, or with a rest") }
    }

    /// In order and each once, so that the same is said in one way only.
    private static func shards(_ reader: inout ByteReader) throws(DecodingFault) -> Set<ShardID> {
        var last: UInt16?
        var found: Set<ShardID> = []
        for _ in 0..<(try reader.readCount()) {
            let number = try reader.read(UInt16.self)
            guard last.map({ $0 < number }) ?? true else { throw .invalidValue("shard \(number)") }
            found.insert(ShardID(number))
            last = number
        }
        return found
    }
}
