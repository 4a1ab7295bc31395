import CZlib

/// One-shot compression of a block by zlib (RFC 1950).
enum Zlib {
    /// Level 1: a third of level 6's time for a tenth more bytes, and a snapshot runs beside
    /// traffic.
    private static let level: Int32 = 1

    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let bound = compressBound(uLong(bytes.count))
        var status = Z_OK
        // Safe: zlib writes at most `length` bytes, which is the buffer's capacity, and says how
        // many.
        let result = unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { output, count in
            var length = bound
            status = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe compress2(
                    output.baseAddress, &length, input.baseAddress, uLong(input.count), level)
            }
            count = status == Z_OK ? Int(length) : 0
        }
        // The bound is zlib's own, so only a lack of memory is left to fail.
        precondition(status == Z_OK)
        return result
    }

    /// Nil unless the bytes are a whole stream of exactly `rawBytes` bytes.
    static func decompress(_ bytes: [UInt8], rawBytes: Int) -> [UInt8]? {
        var status = Z_OK
        // Never no room at all: zlib then takes a stream of one byte for an empty one.
        let capacity = max(1, rawBytes)
        var length = uLongf(capacity)
        // Safe: as above.
        let result = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
            status = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe uncompress(
                    output.baseAddress, &length, input.baseAddress, uLong(input.count))
            }
            count = status == Z_OK ? Int(length) : 0
        }
        return status == Z_OK && result.count == rawBytes ? result : nil
    }
}
