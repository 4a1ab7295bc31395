package import Persistence
import Synchronization

/// Encodes a copied collection chunk by chunk while a snapshot is written, on whatever thread
/// writes it. The actor that gave the copy goes on with its work meanwhile.
package final class ChunkSource<Items: Collection & Sendable>: Sendable
where Items.Index: Sendable {
    private let items: Items
    private let position: Mutex<Items.Index>
    private let encode: @Sendable (inout ByteWriter, Items.Element) -> Void

    /// A chunk is closed when it has passed this; with the largest entry (under 64 KiB) it stays
    /// below the format's limit of 256 KiB.
    private static var chunkBytesTarget: Int { 192 * 1024 }

    package init(
        _ items: Items, encode: @escaping @Sendable (inout ByteWriter, Items.Element) -> Void
    ) {
        self.items = items
        self.position = Mutex(items.startIndex)
        self.encode = encode
    }

    package func next() -> [UInt8]? {
        position.withLock { position in
            guard position != items.endIndex else { return nil }
            var writer = ByteWriter(capacity: Self.chunkBytesTarget + 4096)
            while position != items.endIndex, writer.bytes.count < Self.chunkBytesTarget {
                encode(&writer, items[position])
                items.formIndex(after: &position)
            }
            return writer.bytes
        }
    }

    package func part(
        kind: SnapshotPartKind, shard: ShardID, appliedRecord: UInt64
    ) -> SnapshotPart {
        SnapshotPart(
            kind: kind.rawValue, shard: shard, appliedRecord: appliedRecord,
            nextChunk: { self.next() })
    }
}

/// What the parts of a snapshot hold. Numbers on disk; never reused.
package enum SnapshotPartKind: UInt16, Sendable {
    case accountMarks = 1
    case users = 2
    case sessions = 3
    case sessionsLastSeen = 4
    case passwordThrottle = 5
    case installation = 10
    case tokensLastUsed = 11
    case usage = 20
    case rateLimits = 30
    case alerts = 40
}

/// Hands out one encoded chunk per item.
package final class OneByOne<Item: Sendable>: Sendable {
    private let items: [Item]
    private let position = Mutex(0)
    private let encode: @Sendable (Item) -> [UInt8]

    package init(_ items: [Item], encode: @escaping @Sendable (Item) -> [UInt8]) {
        self.items = items
        self.encode = encode
    }

    package func next() -> [UInt8]? {
        position.withLock { position in
            guard position < items.count else { return nil }
            defer { position += 1 }
            return encode(items[position])
        }
    }
}
