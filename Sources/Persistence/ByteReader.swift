/// What can be wrong with bytes that passed their checksum: they were written by a newer version,
/// or by a bug.
package enum DecodingFault: Error, Equatable, Sendable {
    case truncated(needed: Int, available: Int)
    case varintTooLong
    case notUTF8
    case invalidValue(String)
    case unknownKind(UInt16, version: UInt8)
}

/// Reads what `ByteWriter` wrote. Every read is bounded by the end given at the start, so hostile
/// lengths throw and never trap.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    package private(set) var position: Int
    private let end: Int

    package init(_ bytes: [UInt8]) { self.init(bytes, in: 0..<bytes.count) }

    /// Reads inside `range` of `bytes`, without copying.
    package init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    package var remaining: Int { end - position }
    package var isAtEnd: Bool { position == end }

    private mutating func advance(_ count: Int) throws(DecodingFault) -> Int {
        guard count >= 0, count <= remaining else {
            throw .truncated(needed: count, available: remaining)
        }
        defer { position += count }
        return position
    }

    // A generic function is not specialised for callers in another module; these are what it is
    // called with, millions of times at each start.
    package mutating func read(_ type: UInt8.Type = UInt8.self) throws(DecodingFault) -> UInt8 {
        bytes[try advance(1)]
    }
    package mutating func read(_ type: UInt16.Type = UInt16.self) throws(DecodingFault) -> UInt16 {
        try readLittleEndian()
    }
    package mutating func read(_ type: UInt32.Type = UInt32.self) throws(DecodingFault) -> UInt32 {
        try readLittleEndian()
    }
    package mutating func read(_ type: UInt64.Type = UInt64.self) throws(DecodingFault) -> UInt64 {
        try readLittleEndian()
    }
    package mutating func read(_ type: Int64.Type = Int64.self) throws(DecodingFault) -> Int64 {
        try readLittleEndian()
    }

    package mutating func read<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(DecodingFault) -> Value { try readLittleEndian() }

    private mutating func readLittleEndian<Value: FixedWidthInteger>() throws(DecodingFault)
        -> Value
    {
        let width = Value.bitWidth / 8
        let start = try advance(width)
        // Safe: `advance` has checked the range, and an integer is nothing but its bytes.
        return unsafe bytes.withUnsafeBytes { buffer in
            unsafe Value(
                littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: Value.self))
        }
    }

    package mutating func readBool() throws(DecodingFault) -> Bool {
        switch try read(UInt8.self) {
        case 0: false
        case 1: true
        case let other: throw .invalidValue("boolean \(other)")
        }
    }

    package mutating func readVarint() throws(DecodingFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try read(UInt8.self)
            guard shift < 64, shift < 63 || byte <= 1 else { throw .varintTooLong }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    /// A varint that must fit the bytes that are left: a count can never promise more than is
    /// there.
    package mutating func readCount() throws(DecodingFault) -> Int {
        let count = try readVarint()
        guard count <= UInt64(remaining) else {
            throw .truncated(needed: Int(clamping: count), available: remaining)
        }
        return Int(count)
    }

    package mutating func readRaw(_ count: Int) throws(DecodingFault) -> [UInt8] {
        let start = try advance(count)
        return Array(bytes[start..<start + count])
    }

    package mutating func readBytes() throws(DecodingFault) -> [UInt8] {
        try readRaw(readCount())
    }

    package mutating func readString() throws(DecodingFault) -> String {
        let count = try readCount()
        let start = try advance(count)
        // Safe: `advance` has checked the range, and the buffer lives for the call.
        let string = unsafe bytes.withUnsafeBufferPointer { buffer -> String? in
            let text = unsafe UnsafeBufferPointer(rebasing: buffer[start..<start + count])
            // Validating is generic in the standard library and costs ten times as much as making
            // the string. Text of ASCII alone, which nearly all is, needs none.
            let isASCII = unsafe text.reduce(0, |) < 0x80
            return unsafe isASCII
                ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        }
        guard let string else { throw .notUTF8 }
        return string
    }

    package mutating func readOptional<Value>(
        _ read: (inout ByteReader) throws(DecodingFault) -> Value
    ) throws(DecodingFault) -> Value? {
        try readBool() ? try read(&self) : nil
    }

    package mutating func readArray<Element>(
        _ read: (inout ByteReader) throws(DecodingFault) -> Element
    ) throws(DecodingFault) -> [Element] {
        let count = try readCount()
        var values: [Element] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    /// A reader over the next `count` bytes, which this one skips.
    package mutating func slice(_ count: Int) throws(DecodingFault) -> ByteReader {
        let start = try advance(count)
        return ByteReader(bytes, in: start..<start + count)
    }
}
