import Actors
import Persistence
import TestSupport
import Testing

@testable import App

@Suite("What the servers of a cluster have in common")
struct ClusterMetadataTests {
    private static let metadata = ClusterMetadata(
        name: "countersign", id: DirectoryID(high: 1, low: 2), shardCount: 16,
        wrappedKeys: [1, 2, 3])

    @Test("it comes back as it was written")
    func roundTrip() throws {
        #expect(try ClusterMetadata(Self.metadata.bytes) == Self.metadata)
    }

    @Test("its bytes are version 1 of the format for good")
    func frozen() {
        let name = [11] + Array("countersign".utf8)
        let id: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        #expect(Self.metadata.bytes == [1] + name + id + [16, 0, 3, 1, 2, 3])
    }

    @Test("that its data is elsewhere is version 2, which older programs refuse")
    func movedAway() throws {
        var moved = Self.metadata
        moved.movedAwayAt = Timestamp(milliseconds: 0x0102)
        #expect(try ClusterMetadata(moved.bytes) == moved)
        #expect(
            moved.bytes == [2] + Self.metadata.bytes.dropFirst() + [2, 1, 0, 0, 0, 0, 0, 0])
        #expect(throws: DecodingFault.self) {
            try ClusterMetadata([1] + moved.bytes.dropFirst())
        }
        moved.movedAwayAt = nil
        #expect(moved.bytes == Self.metadata.bytes)
    }

    @Test("whatever else is an error and no trap", arguments: 0..<300)
    func damage(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let bytes = Self.metadata.bytes
        #expect(throws: DecodingFault.self) {
            try ClusterMetadata(Array(bytes.prefix(random.below(bytes.count))))
        }
        _ = try? ClusterMetadata(random.bytes(random.below(100)))
    }
}
