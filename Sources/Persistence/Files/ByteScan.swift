import Glibc

/// Fast looks through large stretches of bytes, by the C library's vectorised functions: a segment
/// of 64 MiB is mostly zeros, and recovery must know that for certain.
enum ByteScan {
    static func isZero(_ bytes: [UInt8], in range: Range<Int>) -> Bool {
        guard let first = range.first else { return true }
        guard bytes[first] == 0 else { return false }
        // Safe: the slice is bounds-checked; comparing it with itself shifted by one byte reads
        // count - 1 bytes from both. All bytes equal the first one, which is zero.
        return unsafe bytes[range].withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return true }
            return unsafe memcmp(base, base + 1, buffer.count - 1) == 0
        }
    }

    /// The index of the first `byte` in the range.
    static func first(_ byte: UInt8, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
        // Safe: the slice is bounds-checked and memchr stays inside it.
        unsafe bytes[range].withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress,
                let found = unsafe memchr(base, Int32(byte), buffer.count)
            else { return nil }
            return unsafe range.lowerBound + UnsafeRawPointer(found).bytePointerDistance(from: base)
        }
    }

    /// The index after the last byte that is not zero, or the range's start.
    static func endOfContent(_ bytes: [UInt8], in range: Range<Int>) -> Int {
        var end = range.upperBound
        // Large pieces first, then small ones, then byte by byte.
        for pieceBytes in pieceSizes {
            while end - range.lowerBound >= pieceBytes, isZero(bytes, in: end - pieceBytes..<end) {
                end -= pieceBytes
            }
        }
        while end > range.lowerBound, bytes[end - 1] == 0 { end -= 1 }
        return end
    }

    private static let pieceSizes = [4096, 64]
}

extension UnsafeRawPointer {
    fileprivate func bytePointerDistance(from base: UnsafeRawPointer) -> Int {
        unsafe base.distance(to: self)
    }
}
