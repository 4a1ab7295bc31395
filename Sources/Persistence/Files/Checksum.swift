import CHash
import Crypto

/// CRC-32C (Castagnoli): finds every single flipped bit and every burst up to 32 bits.
package enum CRC32C {
    /// - Parameter seed: the checksum of the bytes before, to continue it.
    package static func of(_ bytes: [UInt8], in range: Range<Int>, after seed: UInt32 = 0) -> UInt32
    {
        // Safe: the slice is bounds-checked and the buffer lives for the call.
        unsafe bytes[range].withUnsafeBufferPointer { buffer in
            unsafe chash_crc32c(seed, buffer.baseAddress, buffer.count)
        }
    }

    /// The checksum of `range` without the four bytes at `gap`, where the checksum itself is kept.
    static func of(_ bytes: [UInt8], in range: Range<Int>, exceptFourBytesAt gap: Int) -> UInt32 {
        let before = of(bytes, in: range.lowerBound..<gap)
        return of(bytes, in: gap + 4..<range.upperBound, after: before)
    }
}

/// The first 16 bytes of SHA-256 over the digest before and the bytes: a link of a chain that shows
/// anything dropped, reordered or exchanged.
package struct ChainDigest: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    /// Where every chain begins.
    package static let zero = ChainDigest(high: 0, low: 0)
    package static let byteCount = 16

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(from reader: inout ByteReader) throws(DecodingFault) {
        high = try reader.read(UInt64.self)
        low = try reader.read(UInt64.self)
    }

    package func extended(by bytes: [UInt8], in range: Range<Int>) -> ChainDigest {
        var hash = SHA256()
        // Twice for each frame of every start, so without an array in between.
        let before = (high.littleEndian, low.littleEndian)
        // Safe: the tuple is two numbers without a gap and lives for the call.
        unsafe withUnsafeBytes(of: before) { unsafe hash.update(bufferPointer: $0) }
        // Safe: the slice is bounds-checked and the buffer lives for the call.
        unsafe bytes[range].withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        // Safe: a SHA-256 digest has 32 bytes, of which these are the first 16.
        return unsafe hash.finalize().withUnsafeBytes { digest in
            unsafe ChainDigest(
                high: UInt64(littleEndian: digest.loadUnaligned(as: UInt64.self)),
                low: UInt64(
                    littleEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}

extension ByteWriter {
    package mutating func write(_ digest: ChainDigest) {
        write(digest.high)
        write(digest.low)
    }
}

struct RunningSHA256 {
    private var hash = SHA256()

    static let byteCount = 32

    mutating func update(_ bytes: [UInt8], in range: Range<Int>) {
        // Safe: the slice is bounds-checked and the buffer lives for the call.
        unsafe bytes[range].withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    }

    func finish() -> [UInt8] {
        // Safe: the digest lives for the call, and the array copies it.
        unsafe hash.finalize().withUnsafeBytes { unsafe Array($0) }
    }
}
