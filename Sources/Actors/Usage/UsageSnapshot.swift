package import Persistence

/// One item of the usage part of a snapshot: a tag and what belongs to it.
enum UsageItem {
    case evicted(Timestamp?)
    case marks(IntegrationID, lastUsedAt: Timestamp?, recorded: UInt64)
    case row(UsageEvent)
    case minute(IntegrationID, Int64, DayCounter.Minute)
    case key(DedupIndex.Stored)
    case underWay(UsageEvent)
    case evidence(IntegrationID, ConnectionEvidence, CredentialFingerprint?)
    case hour(IntegrationID, Int64, LatencyHistogram)

    /// Numbers on disk; never reused.
    private enum Tag: UInt8 {
        case evicted = 1
        case marks = 2
        case row = 3
        case minute = 4
        case key = 5
        case underWay = 6
        case evidence = 7
        case hour = 8
    }

    func encode(into writer: inout ByteWriter) {
        switch self {
        case .evicted(let arrivedAt):
            writer.write(Tag.evicted.rawValue)
            writer.writeOptional(arrivedAt) { $0.write($1) }
        case .marks(let integration, let lastUsedAt, let recorded):
            writer.write(Tag.marks.rawValue)
            writer.write(integration.text)
            writer.writeOptional(lastUsedAt) { $0.write($1) }
            writer.write(recorded)
        case .row(let event):
            writer.write(Tag.row.rawValue)
            writer.write(event.row)
            writer.write(event.facts)
        case .minute(let integration, let minute, let content):
            writer.write(Tag.minute.rawValue)
            writer.write(integration.text)
            writer.write(minute)
            let used = content.seconds.enumerated().filter { $0.element != .zero }
            writer.writeArray(used) { writer, second in
                writer.write(UInt8(second.offset))
                writer.writeVarint(UInt64(second.element.okObserved))
                writer.writeVarint(UInt64(second.element.okReported))
                writer.writeVarint(UInt64(second.element.failedObserved))
                writer.writeVarint(UInt64(second.element.failedReported))
            }
        case .key(let stored):
            writer.write(Tag.key.rawValue)
            writer.write(stored.key.high)
            writer.write(stored.key.low)
            writer.write(stored.content)
            writer.write(stored.arrivedAt)
        case .underWay(let event):
            writer.write(Tag.underWay.rawValue)
            writer.write(event.row)
            writer.write(event.facts)
        case .evidence(let integration, let evidence, let fingerprint):
            writer.write(Tag.evidence.rawValue)
            writer.write(integration.text)
            writer.write(evidence)
            writer.writeOptional(fingerprint) { $0.write($1.value) }
        case .hour(let integration, let hour, let latencies):
            writer.write(Tag.hour.rawValue)
            writer.write(integration.text)
            writer.write(hour)
            writer.writeArray(latencies.counts.sorted { $0.key < $1.key }) { writer, bucket in
                writer.write(bucket.key)
                writer.write(bucket.value)
            }
        }
    }

    init(from reader: inout ByteReader) throws(DecodingFault) {
        let byte = try reader.read(UInt8.self)
        guard let tag = Tag(rawValue: byte) else { throw .invalidValue("usage item \(byte)") }
        switch tag {
        case .evicted:
            self = .evicted(try reader.readBool() ? try reader.readTimestamp() : nil)
        case .marks:
            let integration = IntegrationID(try reader.readString())
            let lastUsedAt = try reader.readBool() ? try reader.readTimestamp() : nil
            self = .marks(
                integration, lastUsedAt: lastUsedAt, recorded: try reader.read(UInt64.self))
        case .row:
            let row = try reader.read(UInt64.self)
            self = .row(UsageEvent(row: row, facts: try reader.readUsageFacts()))
        case .minute:
            let integration = IntegrationID(try reader.readString())
            let minute = try reader.read(Int64.self)
            self = .minute(integration, minute, try DayCounter.Minute(from: &reader))
        case .key:
            let high = try reader.read(UInt64.self)
            let key = ReportKey(high: high, low: try reader.read(UInt64.self))
            let content = try reader.read(UInt64.self)
            self = .key(
                DedupIndex.Stored(
                    key: key, content: content, arrivedAt: try reader.readTimestamp()))
        case .underWay:
            let row = try reader.read(UInt64.self)
            self = .underWay(UsageEvent(row: row, facts: try reader.readUsageFacts()))
        case .evidence:
            let integration = IntegrationID(try reader.readString())
            let evidence = try reader.readConnectionEvidence()
            let fingerprint =
                try reader.readBool()
                ? CredentialFingerprint(value: try reader.read(UInt64.self)) : nil
            self = .evidence(integration, evidence, fingerprint)
        case .hour:
            let integration = IntegrationID(try reader.readString())
            let hour = try reader.read(Int64.self)
            var latencies = LatencyHistogram()
            for _ in 0..<(try reader.readCount()) {
                let bucket = try reader.read(UInt16.self)
                latencies.restore(bucket: bucket, count: try reader.read(UInt32.self))
            }
            self = .hour(integration, hour, latencies)
        }
    }
}

extension DayCounter.Minute {
    fileprivate init(from reader: inout ByteReader) throws(DecodingFault) {
        for _ in 0..<(try reader.readCount()) {
            let second = Int(try reader.read(UInt8.self))
            guard second < 60 else { throw .invalidValue("second \(second)") }
            guard seconds[second] == .zero else { throw .invalidValue("second \(second) twice") }
            var tally = DayCounter.Tally()
            tally.okObserved = try Self.readNumber(from: &reader)
            tally.okReported = try Self.readNumber(from: &reader)
            tally.failedObserved = try Self.readNumber(from: &reader)
            tally.failedReported = try Self.readNumber(from: &reader)
            seconds[second] = tally
            total += tally
        }
    }

    private static func readNumber(
        from reader: inout ByteReader
    ) throws(DecodingFault) -> UInt32 {
        let number = try reader.readVarint()
        guard let exact = UInt32(exactly: number) else { throw .invalidValue("count \(number)") }
        return exact
    }
}

extension UsageState {
    /// The whole state as parts of a snapshot, encoded later, while the actor goes on.
    package func snapshotParts(shard: ShardID) -> [SnapshotPart] {
        var marks: [UsageItem] = [.evicted(reports.evictedAt)]
        var minutes: [UsageItem] = []
        var rings: [ArraySlice<UsageEvent>] = []
        for (integration, usage) in integrations {
            marks.append(
                .marks(integration, lastUsedAt: usage.lastUsedAt, recorded: usage.recorded))
            marks.append(.evidence(integration, usage.evidence, usage.fingerprint))
            marks += usage.latencies.hours.map { .hour(integration, $0.key, $0.value) }
            minutes += usage.day.minutes.map { .minute(integration, $0.key, $0.value) }
            rings += usage.ring.allBlocks
        }
        marks += underWay.map { .underWay(UsageEvent(row: $0.key, facts: $0.value)) }
        func part<Items: Collection & Sendable>(
            _ items: Items, _ encode: @escaping @Sendable (inout ByteWriter, Items.Element) -> Void
        ) -> SnapshotPart where Items.Index: Sendable {
            ChunkSource(items, encode: encode)
                .part(kind: .usage, shard: shard, appliedRecord: appliedRecord)
        }
        return [
            part(marks) { $1.encode(into: &$0) },
            part(minutes) { $1.encode(into: &$0) },
            part(rings.joined()) { UsageItem.row($1).encode(into: &$0) },
            part(reports.allBlocks.joined()) { UsageItem.key($1).encode(into: &$0) },
        ]
    }
}
