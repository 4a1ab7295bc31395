/// A fact of the domain as the log keeps it.
///
/// The log stores `kind | version | flags | length | bytes` and never looks inside. Kinds are never
/// reused; a reader that meets an unknown kind refuses to start unless the record's `isIgnorable`
/// flag says that an older version may skip it.
package protocol LogRecord: Sendable {
    var kind: UInt16 { get }
    var version: UInt8 { get }
    func encode(into writer: inout ByteWriter)
    init(kind: UInt16, version: UInt8, from reader: inout ByteReader) throws(DecodingFault)
}

/// One record as it comes back from the log.
package struct StoredRecord: Sendable {
    package let kind: UInt16
    package let version: UInt8
    /// An older server may skip a record of unknown kind that carries this flag.
    package let isIgnorable: Bool
    package let reader: ByteReader

    package init(kind: UInt16, version: UInt8, isIgnorable: Bool, reader: ByteReader) {
        self.kind = kind
        self.version = version
        self.isIgnorable = isIgnorable
        self.reader = reader
    }
}

/// Builds the bytes of one append: records that become durable together or not at all.
package struct RecordBatch: Sendable {
    package private(set) var count = 0
    private var writer: ByteWriter

    package init(capacity: Int = 256) { writer = ByteWriter(capacity: capacity) }

    package init(_ records: some Sequence<some LogRecord>) {
        self.init()
        for record in records { add(record) }
    }

    package var bytes: [UInt8] { writer.bytes }

    package mutating func add(_ record: some LogRecord, isIgnorable: Bool = false) {
        writer.write(record.kind)
        writer.write(record.version)
        writer.write(UInt8(isIgnorable ? RecordBatch.ignorableFlag : 0))
        writer.writeCounted { record.encode(into: &$0) }
        count += 1
    }

    static let ignorableFlag: UInt8 = 1

    /// Reads the next record of a section.
    package static func next(from reader: inout ByteReader) throws(DecodingFault) -> StoredRecord {
        let kind = try reader.read(UInt16.self)
        let version = try reader.read(UInt8.self)
        let flags = try reader.read(UInt8.self)
        guard flags & ~ignorableFlag == 0 else { throw .invalidValue("record flags \(flags)") }
        let body = try reader.slice(try reader.readCount())
        return StoredRecord(
            kind: kind, version: version, isIgnorable: flags & ignorableFlag != 0, reader: body)
    }
}
