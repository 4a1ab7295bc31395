import Persistence
import Replication

/// A record whose body is a text.
struct TextRecord: LogRecord {
    let text: String

    init(_ text: String) { self.text = text }

    var kind: UInt16 { 7 }
    var version: UInt8 { 1 }
    func encode(into writer: inout ByteWriter) { writer.write(text) }
    init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        text = try reader.readString()
    }
}

/// The state that the tool makes of a shard's records: all of their texts, in order.
actor ShardModel {
    let shard: ShardID
    private(set) var texts: [String] = []
    /// Records of the part of a snapshot that is being restored.
    private let log: JetStreamLog
    private let say: @Sendable (String) -> Void

    init(_ shard: ShardID, log: JetStreamLog, say: @escaping @Sendable (String) -> Void) {
        self.shard = shard
        self.log = log
        self.say = say
    }

    func follow() async {
        while let event = await log.feed(of: shard).next() { handle(event) }
    }

    private func handle(_ event: ShardEvent) {
        switch event {
        case .reset: texts = []
        case .chunk(_, let chunk):
            var reader = ByteReader(chunk)
            while !reader.isAtEnd, let text = try? reader.readString() { texts.append(text) }
        case .section(let section):
            if section.firstRecord != UInt64(texts.count) + 1 { say("gap \(shard)") }
            var reader = section.reader
            while !reader.isAtEnd, let stored = try? RecordBatch.next(from: &reader) {
                var body = stored.reader
                texts.append((try? body.readString()) ?? "?")
            }
        case .gained(let epoch): say("gained \(shard) \(epoch)")
        case .released: say("released \(shard)")
        case .lost:
            texts = []
            say("lost \(shard)")
        case .stopped(let reason): say("stopped \(shard) \(reason)")
        }
    }

    /// Decide, append, apply, in one turn; then wait.
    func append(_ text: String) async throws(AppendError) -> Settlement {
        let position = try log.append([TextRecord(text)], to: shard)
        texts.append(text)
        return await log.settled(position)
    }

    private static let textsPerChunk = 100

    func snapshot() async throws {
        let base = log.snapshotBase()
        let copy = texts
        let places = Slots(stride(from: 0, to: copy.count, by: Self.textsPerChunk))
        let part = SnapshotPart(kind: 1, shard: shard, appliedRecord: UInt64(copy.count)) {
            guard let start = places.next() else { return nil }
            var writer = ByteWriter()
            for text in copy[start..<min(copy.count, start + Self.textsPerChunk)] {
                writer.write(text)
            }
            return writer.bytes
        }
        try await log.putSnapshot([part], of: shard, baseRecord: base.records[shard] ?? 0)
    }
}
