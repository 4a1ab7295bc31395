import Persistence

/// The bytes of rate-limit buckets in a snapshot: chunks that decode by themselves, each a version,
/// a count, and so many entries. A class is written by its name, so that adding one changes
/// nothing.
extension RateLimitEntry {
    private static let version: UInt8 = 1
    /// About 70 bytes each: a chunk stays far below the snapshot's limit for one.
    static let entriesPerChunkMax = 2048

    static func encode(_ entries: [RateLimitEntry]) -> [[UInt8]] {
        stride(from: 0, to: entries.count, by: entriesPerChunkMax).map { start in
            var writer = ByteWriter()
            writer.write(version)
            writer.writeArray(entries[start...].prefix(entriesPerChunkMax)) { writer, entry in
                entry.write(to: &writer)
            }
            return writer.bytes
        }
    }

    /// Entries of classes that this version does not know are left out.
    static func decode(_ chunk: [UInt8]) throws(DecodingFault) -> [RateLimitEntry] {
        var reader = ByteReader(chunk)
        let found = try reader.read(UInt8.self)
        guard found == version else { throw .invalidValue("rate limits of version \(found)") }
        let entries = try reader.array { reader throws(DecodingFault) in try read(&reader) }
        guard reader.isAtEnd else { throw .invalidValue("\(reader.remaining) bytes too many") }
        return entries.compactMap(\.self)
    }

    private func write(to writer: inout ByteWriter) {
        writer.write(rateClass.rawValue)
        writer.write(key)
        writer.writeVarint(missingThousandths)
        writer.write(updatedAt)
    }

    private static func read(
        _ reader: inout ByteReader
    ) throws(DecodingFault) -> RateLimitEntry? {
        let rateClass = RateClass(rawValue: try reader.readString())
        let key = try reader.readRateKey()
        let missing = try reader.readVarint()
        let updatedAt = try reader.readTimestamp()
        return rateClass.map {
            RateLimitEntry(
                rateClass: $0, key: key, missingThousandths: missing, updatedAt: updatedAt)
        }
    }
}
