import TestSupport
import Testing

@testable import Persistence

@Suite("Records of a batch")
struct RecordBatchTests {
    /// A record whose body is these bytes and nothing else, so that a test can say its length.
    private struct RawRecord: LogRecord, Equatable {
        let bytes: [UInt8]
        let kind: UInt16 = 0x1234
        let version: UInt8 = 3

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func encode(into writer: inout ByteWriter) { writer.writeRaw(bytes) }

        init(
            kind: UInt16, version: UInt8, from reader: inout ByteReader
        ) throws(DecodingFault) {
            bytes = try reader.readRaw(reader.remaining)
        }
    }

    /// Around every length at which the count takes one byte more.
    private static let lengths = [0, 1, 126, 127, 128, 129, 16_383, 16_384, 16_385, 100_000]

    @Test("a body of any length comes back", arguments: lengths)
    func roundTrip(length: Int) throws {
        let record = RawRecord(SeededRandom(seed: UInt64(length)).bytes(length))
        var batch = RecordBatch()
        batch.add(record)
        #expect(batch.count == 1)
        // Kind, version and flags; the count; the body.
        let countBytes = length < 128 ? 1 : length < 16_384 ? 2 : 3
        #expect(batch.bytes.count == 4 + countBytes + length)
        var reader = ByteReader(batch.bytes)
        let stored = try RecordBatch.next(from: &reader)
        #expect(reader.isAtEnd)
        #expect(stored.kind == 0x1234 && stored.version == 3 && !stored.isIgnorable)
        var body = stored.reader
        #expect(try RawRecord(kind: 0, version: 0, from: &body) == record && body.isAtEnd)
    }

    @Test("records of all lengths behind each other come back in their order")
    func manyRecords() throws {
        let records = (Self.lengths + Self.lengths.reversed()).map { length in
            RawRecord(SeededRandom(seed: UInt64(length + 1)).bytes(length))
        }
        var batch = RecordBatch()
        for (index, record) in records.enumerated() {
            batch.add(record, isIgnorable: index % 2 == 1)
        }
        var reader = ByteReader(batch.bytes)
        for (index, record) in records.enumerated() {
            let stored = try RecordBatch.next(from: &reader)
            #expect(stored.isIgnorable == (index % 2 == 1))
            var body = stored.reader
            #expect(try RawRecord(kind: 0, version: 0, from: &body) == record)
        }
        #expect(reader.isAtEnd && batch.count == records.count)
    }
}
