import Foundation
import Replication
import Testing

@Suite("Frozen formats of a cluster")
struct GoldenReplicaTests {
    /// One message of each kind, then a manifest: a line each.
    private static var lines: String {
        let manifest = SnapshotManifest(
            place: Sample.place, tail: Sample.whole.tail,
            createdAtMilliseconds: 1_700_000_000_000, chunks: [4, 5, 7],
            hash: Array(0..<32))
        return (Sample.whole.messages + [manifest.encoded]).map { bytes in
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n"
        }.joined()
    }

    @Test("messages and manifests have exactly the bytes of docs/formats/replica.md")
    func bytes() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Golden/replica-v1.hex")
        if ProcessInfo.processInfo.environment["COUNTERSIGN_RECORD_GOLDEN"] == "1" {
            try Self.lines.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == Self.lines)
    }
}
