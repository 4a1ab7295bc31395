/// A chunk of a snapshot outside of a file: the same block that the file would have, with the
/// checksum that covers all of it.
package enum SnapshotMessage {
    /// What a block takes at the most: zlib never adds more than a little to what can't be
    /// compressed.
    package static let bytesMax =
        SnapshotFormat.blockHeaderBytes + SnapshotFormat.chunkBytesMax + 1024

    package static func encode(_ header: SnapshotPartHeader, chunk: [UInt8]) -> [UInt8] {
        SnapshotBlock(header, chunk: chunk).encoded
    }

    /// Nil unless every byte is as it was written.
    package static func decode(_ bytes: [UInt8]) -> (SnapshotPartHeader, chunk: [UInt8])? {
        guard bytes.count >= SnapshotFormat.blockHeaderBytes, bytes.count <= bytesMax else {
            return nil
        }
        do throws(DecodingFault) {
            var reader = ByteReader(bytes)
            guard try reader.read(UInt32.self) == SnapshotFormat.blockMagic,
                try reader.read(UInt32.self) == CRC32C.of(bytes, in: 8..<bytes.count)
            else { return nil }
            let kind = try reader.read(UInt16.self)
            let shard = ShardID(try reader.read(UInt16.self))
            let rawBytes = Int(try reader.read(UInt32.self))
            let compressedBytes = Int(try reader.read(UInt32.self))
            _ = try reader.read(UInt32.self)
            let header = SnapshotPartHeader(
                kind: kind, shard: shard, appliedRecord: try reader.read(UInt64.self))
            guard rawBytes <= SnapshotFormat.chunkBytesMax, compressedBytes == reader.remaining,
                let chunk = Zlib.decompress(
                    try reader.readRaw(compressedBytes), rawBytes: rawBytes)
            else { return nil }
            return (header, chunk)
        } catch {
            return nil
        }
    }
}
