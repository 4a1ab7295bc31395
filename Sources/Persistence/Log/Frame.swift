/// The unit of durability: what one fsync made durable together. docs/formats/log.md has the layout
/// byte by byte.
///
/// A frame carries the digest of the one before it, and a batch is only written after the fsync of
/// the batch before returned. So a valid frame N+1 proves that N was durable, and an invalid N in
/// front of it is rot, never a torn write.
enum Frame {
    /// "CSFR" read as a little-endian number.
    static let magic: UInt32 = 0x5246_5343
    static let version: UInt8 = 1
    static let headerBytes = 64
    static let sectionHeaderBytes = 48
    static let trailerBytes = 8
    /// No byte is zero: the last sector that a frame touches can't look like one never written.
    static let trailer: UInt64 = 0xa5c3_96e1_d28b_7f4d
    /// The same for a header that ends in another sector than it begins in.
    static let headerEnd: UInt64 = 0xb4d2_87f0_c39a_6e5c
    static let alignment = 8
    /// A seal or clean mark: a frame without sections.
    static let emptyBytes = headerBytes + trailerBytes

    enum Kind: UInt8, Sendable {
        case batch = 1
        /// The witness of the frame before it, written when nothing more came for a while.
        case seal = 2
        /// The last frame of a server that stopped in good order.
        case clean = 3
    }

    static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

/// Where one shard's stream stands.
package struct StreamTail: Hashable, Sendable {
    /// The ordinal of the last record.
    package var record: UInt64 = 0
    /// The number of the last section.
    package var section: UInt64 = 0
    package var digest = ChainDigest.zero

    package init() {}

    init(record: UInt64, section: UInt64, digest: ChainDigest) {
        self.record = record
        self.section = section
        self.digest = digest
    }
}

/// Where the whole log stands: what the next frame must continue.
struct LogTail: Hashable, Sendable {
    /// The number of the last frame; the first is 1.
    var frame: UInt64 = 0
    var digest = ChainDigest.zero
    var streams: [StreamTail]

    init(shardCount: Int) {
        streams = Array(repeating: StreamTail(), count: shardCount)
    }
}

/// Records of one shard on their way into a frame.
struct PendingSection: Sendable {
    let shard: Int
    var recordCount: Int
    /// The ordinal of the last of them.
    var lastRecord: UInt64
    var bytes: [UInt8]

    var encodedBytes: Int { Frame.sectionHeaderBytes + Frame.padded(bytes.count) }
}

extension LogTail {
    /// Encodes the next frame and moves the tail past it.
    mutating func encode(
        _ kind: Frame.Kind, _ sections: [PendingSection], wallMilliseconds: UInt64
    ) -> [UInt8] {
        let size = sections.reduce(Frame.emptyBytes) { $0 + $1.encodedBytes }
        var writer = ByteWriter(capacity: size)
        writer.write(Frame.magic)
        writer.write(UInt32(0))
        writer.write(UInt32(0))
        writer.write(UInt32(size))
        writer.write(kind.rawValue)
        writer.write(Frame.version)
        writer.write(UInt16(sections.count))
        writer.write(UInt32(0))
        writer.write(frame + 1)
        writer.write(wallMilliseconds)
        writer.write(digest)
        writer.write(Frame.headerEnd)
        for section in sections { encode(section, into: &writer) }
        writer.write(Frame.trailer)
        precondition(writer.bytes.count == size)
        let bodyChecksum = CRC32C.of(writer.bytes, in: Frame.headerBytes..<size)
        writer.overwrite(bodyChecksum, at: 8)
        writer.overwrite(CRC32C.of(writer.bytes, in: 8..<Frame.headerBytes), at: 4)
        frame += 1
        digest = digest.extended(by: writer.bytes, in: 0..<size)
        return writer.bytes
    }

    private mutating func encode(_ section: PendingSection, into writer: inout ByteWriter) {
        streams[section.shard].encode(
            shard: section.shard, recordCount: section.recordCount, section.bytes, into: &writer)
    }
}

extension StreamTail {
    /// What a section takes beside its records, but for the padding behind them.
    package static var sectionHeaderBytes: Int { Frame.sectionHeaderBytes }

    /// Encodes the shard's next section and moves the tail past it. The bytes are the same in a
    /// frame of the log on a disk and in a message of a replicated one.
    package mutating func encode(
        shard: Int, recordCount: Int, _ bytes: [UInt8], into writer: inout ByteWriter
    ) {
        let start = writer.bytes.count
        writer.write(UInt16(shard))
        writer.write(UInt16(0))
        writer.write(UInt32(recordCount))
        writer.write(UInt32(bytes.count))
        writer.write(UInt32(0))
        writer.write(section + 1)
        writer.write(record + 1)
        writer.write(digest)
        writer.writeRaw(bytes)
        let padding = Frame.padded(bytes.count) - bytes.count
        writer.writeRaw(repeatElement(0, count: padding))
        self = StreamTail(
            record: record + UInt64(recordCount), section: section + 1,
            digest: digest.extended(by: writer.bytes, in: start..<writer.bytes.count))
    }
}
