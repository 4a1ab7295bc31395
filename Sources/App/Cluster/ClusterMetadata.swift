import Actors
import Persistence

/// What the servers of a cluster have in common beside the log, in a stream of its own whose last
/// message counts: docs/formats/replica.md.
struct ClusterMetadata: Equatable, Sendable {
    var name: String
    /// Which installation the streams belong to.
    var id: DirectoryID
    var shardCount: Int
    var wrappedKeys: [UInt8]
    /// When all of it was moved into a directory; nil while it is here.
    var movedAwayAt: Timestamp?

    /// The second has one field more, and is only written where that says something.
    private static let version: UInt8 = 1
    private static let movedAwayVersion: UInt8 = 2

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(movedAwayAt == nil ? Self.version : Self.movedAwayVersion)
        writer.write(name)
        writer.write(id.high)
        writer.write(id.low)
        writer.write(UInt16(shardCount))
        writer.write(wrappedKeys)
        if let movedAwayAt { writer.write(movedAwayAt) }
        return writer.bytes
    }

    init(name: String, id: DirectoryID, shardCount: Int, wrappedKeys: [UInt8]) {
        self.name = name
        self.id = id
        self.shardCount = shardCount
        self.wrappedKeys = wrappedKeys
    }

    init(_ bytes: [UInt8]) throws(DecodingFault) {
        var reader = ByteReader(bytes)
        let version = try reader.read(UInt8.self)
        guard version == Self.version || version == Self.movedAwayVersion else {
            throw .invalidValue("version \(version) of a cluster's metadata")
        }
        name = try reader.readString()
        id = DirectoryID(high: try reader.read(UInt64.self), low: try reader.read(UInt64.self))
        shardCount = Int(try reader.read(UInt16.self))
        wrappedKeys = try reader.readBytes()
        if version == Self.movedAwayVersion { movedAwayAt = try reader.readTimestamp() }
        guard reader.isAtEnd, shardCount > 0 else {
            throw .invalidValue("a cluster's metadata with \(shardCount) shards")
        }
    }
}
