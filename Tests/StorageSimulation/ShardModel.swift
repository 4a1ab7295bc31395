import Persistence

/// A change of one shard's state.
struct CounterRecord: LogRecord {
    let counter: UInt8
    let amount: UInt64
    /// Bytes that mean nothing: they make records of all sizes.
    let fillerBytes: Int
    let filler: UInt8

    init(counter: UInt8, amount: UInt64, fillerBytes: Int, filler: UInt8) {
        self.counter = counter
        self.amount = amount
        self.fillerBytes = fillerBytes
        self.filler = filler
    }

    var kind: UInt16 { 7 }
    var version: UInt8 { 1 }

    func encode(into writer: inout ByteWriter) {
        writer.write(counter)
        writer.write(amount)
        writer.write(UInt16(fillerBytes))
        writer.write(filler)
        writer.writeRaw([UInt8](repeating: filler, count: fillerBytes))
    }

    init(kind: UInt16, version: UInt8, from reader: inout ByteReader) throws(DecodingFault) {
        counter = try reader.read(UInt8.self)
        amount = try reader.read(UInt64.self)
        fillerBytes = Int(try reader.read(UInt16.self))
        filler = try reader.read(UInt8.self)
        guard fillerBytes == reader.remaining, counter < 8 else {
            throw .invalidValue("\(fillerBytes) bytes of filler, \(reader.remaining) left")
        }
        let word = UInt64(filler) &* 0x0101_0101_0101_0101
        while reader.remaining >= 8 {
            guard try reader.read(UInt64.self) == word else { throw .invalidValue("filler") }
        }
        while !reader.isAtEnd {
            guard try reader.read(UInt8.self) == filler else { throw .invalidValue("filler") }
        }
    }
}

/// The half of a shard's state that counts.
struct Counters: Equatable {
    var applied = 0
    var values = [8 of UInt64](repeating: 0)

    static func == (left: Counters, right: Counters) -> Bool {
        left.applied == right.applied
            && left.values.indices.allSatisfy { left.values[$0] == right.values[$0] }
    }

    mutating func apply(_ record: CounterRecord) {
        applied += 1
        values[Int(record.counter)] &+= record.amount
    }
}

/// The half that depends on the order: a hash over all records up to here.
struct History: Equatable {
    var applied = 0
    var hash: UInt64 = 0

    mutating func apply(_ record: CounterRecord) {
        applied += 1
        let content = record.amount ^ UInt64(record.fillerBytes) << 32 ^ UInt64(record.filler)
        hash = Dice.mixed(hash ^ content) &+ UInt64(record.counter)
    }
}

/// One shard's state: two parts, which snapshots copy one after the other, as the server's do.
struct ShardState: Equatable {
    var counters = Counters()
    var history = History()

    mutating func apply(_ record: CounterRecord) {
        counters.apply(record)
        history.apply(record)
    }

    enum Part: UInt16, CaseIterable {
        case counters = 1
        case history = 2
    }

    /// A copy of one part as it is now, for a snapshot.
    func snapshotPart(_ part: Part, shard: Int, isInPieces: Bool) -> SnapshotPart {
        var chunks: [[UInt8]] = []
        let applied: Int
        var writer = ByteWriter()
        switch part {
        case .counters:
            applied = counters.applied
            // In one piece, or in as many as a large state has.
            let piece = isInPieces ? 4 : 8
            for start in stride(from: 0, to: 8, by: piece) {
                writer.removeAll()
                writer.write(UInt8(start))
                for index in start..<start + piece { writer.write(counters.values[index]) }
                chunks.append(writer.bytes)
            }
        case .history:
            applied = history.applied
            writer.write(history.hash)
            chunks.append(writer.bytes)
        }
        let rest = Chunks(chunks)
        return SnapshotPart(
            kind: part.rawValue, shard: ShardID(UInt16(shard)), appliedRecord: UInt64(applied),
            nextChunk: rest.next)
    }

    mutating func restore(
        _ header: SnapshotPartHeader, _ chunk: [UInt8]
    ) throws(DecodingFault) {
        var reader = ByteReader(chunk)
        switch Part(rawValue: header.kind) {
        case .counters?:
            counters.applied = Int(header.appliedRecord)
            var index = Int(try reader.read(UInt8.self))
            while !reader.isAtEnd {
                guard index < 8 else { throw .invalidValue("counter \(index)") }
                counters.values[index] = try reader.read(UInt64.self)
                index += 1
            }
        case .history?:
            history.applied = Int(header.appliedRecord)
            history.hash = try reader.read(UInt64.self)
        case nil: throw .unknownKind(header.kind, version: 0)
        }
    }

    /// - Parameter number: the record's ordinal.
    /// - Returns: false when a record is missing before it.
    mutating func replay(_ record: CounterRecord, number: Int) -> Bool {
        for applied in [counters.applied, history.applied] where number > applied + 1 {
            return false
        }
        if number > counters.applied { counters.apply(record) }
        if number > history.applied { history.apply(record) }
        return true
    }
}

/// Answers its chunks one by one.
///
/// Unchecked Sendable is sound: a simulation is one thread.
private final class Chunks: @unchecked Sendable {
    private var rest: [[UInt8]]
    init(_ chunks: [[UInt8]]) { rest = chunks }
    func next() -> [UInt8]? { rest.isEmpty ? nil : rest.removeFirst() }
}
