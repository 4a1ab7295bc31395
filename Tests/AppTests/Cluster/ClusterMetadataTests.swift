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
