import Persistence

/// 128 bits of a keyed hash: enough to recognise a phone number or a caller's key again, and
/// nothing to read either from, not even by trying all numbers there are.
package struct KeyedHash: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The first 16 bytes of an HMAC; there must be as many. Truncated so, it is as good as the
    /// whole for telling things apart (RFC 2104 §5).
    package init(_ bytes: [UInt8]) {
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

extension ByteWriter {
    mutating func write(_ hash: KeyedHash) {
        write(hash.high)
        write(hash.low)
    }
}

extension ByteReader {
    mutating func readKeyedHash() throws(DecodingFault) -> KeyedHash {
        let high = try read(UInt64.self)
        return KeyedHash(high: high, low: try read(UInt64.self))
    }
}
