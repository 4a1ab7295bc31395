import Persistence
import Replication
import Testing

/// A stream that is written and read without an engine.
struct Sample {
    static let place = StreamPlace(
        cluster: DirectoryID(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718),
        shard: ShardID(5))
    static let owner = OwnerID(high: 0xa1a2_a3a4_a5a6_a7a8, low: 0xb1b2_b3b4_b5b6_b7b8)
    static let other = OwnerID(high: 7, low: 8)

    private(set) var tail = ReplicaTail()
    private(set) var messages: [[UInt8]] = []

    mutating func add(
        _ kind: ReplicaMessage.Kind, epoch: UInt64? = nil, owner: OwnerID = Sample.owner,
        records: [String] = []
    ) {
        var batch = RecordBatch()
        for record in records { batch.add(TextRecord(record)) }
        let message = tail.encode(
            kind, epoch: epoch ?? tail.epoch, owner: owner, place: Self.place,
            writtenAtMilliseconds: 0x0000_018b_cfe5_6800, address: "https://a:1",
            records: records.isEmpty ? nil : (batch.count, batch.bytes))
        messages.append(message.bytes)
        tail = message.tail
    }

    /// One of each kind.
    static var whole: Sample {
        var sample = Sample()
        sample.add(.takeOver, epoch: 1)
        sample.add(.batch, records: ["one", "two"])
        sample.add(.heartbeat)
        sample.add(.batch, records: ["three"])
        sample.add(.release)
        sample.add(.takeOver, epoch: 2, owner: other)
        return sample
    }
}

struct TextRecord: LogRecord {
    let text: String

    init(_ text: String) { self.text = text }
    var kind: UInt16 { 7 }
    var version: UInt8 { 1 }
    func encode(into writer: inout ByteWriter) { writer.write(text) }
    init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) { text = try reader.readString() }
}

@Suite("Messages of a shard's stream")
struct ReplicaMessageTests {
    private func read(_ messages: [[UInt8]]) throws(ReplicaFault) -> (ReplicaTail, [UInt64]) {
        var tail = ReplicaTail()
        var firsts: [UInt64] = []
        for (index, bytes) in messages.enumerated() {
            let section = try tail.advance(past: bytes, at: UInt64(index) + 1, in: Sample.place)
            if let section { firsts.append(section.firstRecord) }
        }
        return (tail, firsts)
    }

    @Test("what was written is read, and leads to the same place")
    func roundTrip() throws {
        let sample = Sample.whole
        let (tail, firsts) = try read(sample.messages)
        #expect(tail == sample.tail && firsts == [1, 3])
        #expect(tail.sequence == 6 && tail.stream.record == 3 && tail.stream.section == 2)
        #expect(tail.epoch == 2 && tail.owner == Sample.other && tail.address == "https://a:1")
    }

    @Test("any bit that turns over, in any message, is noticed")
    func bits() {
        for (index, bytes) in Sample.whole.messages.enumerated() {
            for bit in 0..<bytes.count * 8 {
                var messages = Sample.whole.messages
                messages[index][bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: ReplicaFault.self, "message \(index), bit \(bit)") {
                    _ = try read(messages)
                }
            }
        }
    }

    @Test("cut short or longer by anything, it is refused")
    func lengths() {
        for (index, bytes) in Sample.whole.messages.enumerated() {
            for count in 0..<bytes.count {
                var messages = Sample.whole.messages
                messages[index] = Array(bytes.prefix(count))
                #expect(throws: ReplicaFault.self) { _ = try read(messages) }
            }
            var messages = Sample.whole.messages
            messages[index].append(0)
            #expect(throws: ReplicaFault.self) { _ = try read(messages) }
        }
    }

    @Test("left out, repeated or exchanged, it is refused")
    func order() {
        let messages = Sample.whole.messages
        for index in messages.indices.dropLast() {
            var missing = messages
            missing.remove(at: index)
            #expect(throws: ReplicaFault.self) { _ = try read(missing) }
            var twice = messages
            twice.insert(messages[index], at: index)
            #expect(throws: ReplicaFault.self) { _ = try read(twice) }
            var exchanged = messages
            exchanged.swapAt(index, index + 1)
            #expect(throws: ReplicaFault.self) { _ = try read(exchanged) }
        }
    }

    @Test("a message of another history is refused, though everything else fits")
    func splice() {
        var other = Sample()
        other.add(.takeOver, epoch: 1)
        other.add(.batch, records: ["one", "TWO"])
        other.add(.heartbeat)
        var messages = Sample.whole.messages
        messages[2] = other.messages[2]
        #expect(throws: ReplicaFault.damaged("it does not continue the message before it")) {
            _ = try read(messages)
        }
    }

    @Test("another shard's or another cluster's message is refused")
    func strangers() {
        let first = Sample.whole.messages[0]
        let shard = StreamPlace(cluster: Sample.place.cluster, shard: ShardID(6))
        let cluster = StreamPlace(
            cluster: DirectoryID(high: 1, low: 1), shard: Sample.place.shard)
        for place in [shard, cluster] {
            var tail = ReplicaTail()
            #expect(throws: ReplicaFault.self) {
                _ = try tail.advance(past: first, at: 1, in: place)
            }
            #expect(tail == ReplicaTail())
        }
    }

    @Test("within an epoch only its owner writes, and nobody after a release")
    func owners() {
        func refuses(_ build: (inout Sample) -> Void) -> Bool {
            var sample = Sample()
            build(&sample)
            do throws(ReplicaFault) {
                _ = try read(sample.messages)
                return false
            } catch {
                return true
            }
        }
        #expect(refuses { $0.add(.heartbeat) })
        #expect(refuses { $0.add(.takeOver, epoch: 2) })
        #expect(
            refuses {
                $0.add(.takeOver, epoch: 1)
                $0.add(.batch, owner: Sample.other, records: ["x"])
            })
        #expect(
            refuses {
                $0.add(.takeOver, epoch: 1)
                $0.add(.takeOver, epoch: 1, owner: Sample.other)
            })
        #expect(
            refuses {
                $0.add(.takeOver, epoch: 1)
                $0.add(.takeOver, epoch: 2, owner: Sample.other)
                $0.add(.batch, epoch: 1, records: ["stale"])
            })
        #expect(
            refuses {
                $0.add(.takeOver, epoch: 1)
                $0.add(.release)
                $0.add(.batch, records: ["late"])
            })
    }

    @Test("a later version's message is refused as that, not as damage")
    func future() {
        var bytes = Sample.whole.messages[0]
        bytes[13] = 2
        let checksum = CRC32C.of(bytes, in: 8..<bytes.count)
        for index in 0..<4 { bytes[4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
        #expect(throws: ReplicaFault.futureVersion(2)) { _ = try read([bytes]) }
    }

    @Test("random bytes are refused and never trap")
    func random() {
        var state: UInt64 = 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        for _ in 0..<2000 {
            let bytes = (0..<next() % 300).map { _ in UInt8(truncatingIfNeeded: next()) }
            #expect(throws: ReplicaFault.self) { _ = try read([bytes]) }
            #expect(SnapshotMessage.decode(bytes) == nil)
            #expect(SnapshotManifest(bytes) == nil)
        }
    }
}

@Suite("Manifests and chunks of snapshots")
struct SnapshotManifestTests {
    private let manifest = SnapshotManifest(
        place: Sample.place, tail: Sample.whole.tail, createdAtMilliseconds: 9,
        chunks: [4, 5, 7], hash: Array(repeating: 3, count: 32))

    @Test("comes back as it was, and with any bit wrong not at all")
    func manifests() {
        let bytes = manifest.encoded
        #expect(SnapshotManifest(bytes) == manifest)
        for bit in 0..<bytes.count * 8 {
            var wrong = bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(SnapshotManifest(wrong) == nil, "bit \(bit)")
        }
        for count in bytes.indices { #expect(SnapshotManifest(Array(bytes.prefix(count))) == nil) }
    }

    @Test("a chunk comes back as it was, and with any bit wrong not at all")
    func chunks() throws {
        let header = SnapshotPartHeader(kind: 2, shard: ShardID(5), appliedRecord: 44)
        let bytes = SnapshotMessage.encode(header, chunk: Array("some state".utf8))
        let found = try #require(SnapshotMessage.decode(bytes))
        #expect(found.0 == header && found.chunk == Array("some state".utf8))
        for bit in 0..<bytes.count * 8 {
            var wrong = bytes
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(SnapshotMessage.decode(wrong) == nil, "bit \(bit)")
        }
    }
}
