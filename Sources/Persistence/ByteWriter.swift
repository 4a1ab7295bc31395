/// Appends fixed-width, variable-length and length-prefixed values to one array of bytes.
///
/// All integers are little endian. A varint is unsigned LEB128: seven bits a byte, lowest first, at
/// most ten bytes. This and `ByteReader` are the whole binary codec of the log and the snapshots.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 64) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    package mutating func write(_ value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: type(of: value).bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    // A generic function is not specialised for callers in another module; these are what it is
    // called with, millions of times.
    package mutating func write(_ value: UInt8) { bytes.append(value) }
    package mutating func write(_ value: UInt16) { writeLittleEndian(value) }
    package mutating func write(_ value: UInt32) { writeLittleEndian(value) }
    package mutating func write(_ value: UInt64) { writeLittleEndian(value) }
    package mutating func write(_ value: Int64) { writeLittleEndian(value) }
    package mutating func writeRaw(_ raw: [UInt8]) { bytes.append(contentsOf: raw) }

    private mutating func writeLittleEndian(_ value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    package mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Writes the bytes as they are: the reader must know their number.
    package mutating func writeRaw(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

    /// Writes a varint count and then the bytes.
    package mutating func write(_ value: [UInt8]) {
        writeVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes what `body` writes, with a varint count of its bytes before it. They are moved up by
    /// the one or two bytes of their count, which costs less than a buffer of their own.
    package mutating func writeCounted(_ body: (inout ByteWriter) -> Void) {
        let start = bytes.count
        body(&self)
        var rest = UInt64(bytes.count - start)
        var place = start
        while rest >= 0x80 {
            bytes.insert(UInt8(truncatingIfNeeded: rest) | 0x80, at: place)
            rest >>= 7
            place += 1
        }
        bytes.insert(UInt8(rest), at: place)
    }

    /// Writes the string's UTF-8 with a varint byte count before it.
    package mutating func write(_ value: String) {
        writeVarint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Writes a presence byte, then the value when there is one.
    package mutating func writeOptional<Value>(
        _ value: Value?, _ write: (inout ByteWriter, Value) -> Void
    ) {
        self.write(value != nil)
        if let value { write(&self, value) }
    }

    /// Writes a varint count, then each element.
    package mutating func writeArray<Element>(
        _ values: some Collection<Element>, _ write: (inout ByteWriter, Element) -> Void
    ) {
        writeVarint(UInt64(values.count))
        for value in values { write(&self, value) }
    }

    /// Overwrites bytes written earlier, for a length or a checksum known only afterwards.
    package mutating func overwrite(_ value: some FixedWidthInteger, at offset: Int) {
        var index = offset
        for shift in stride(from: 0, to: type(of: value).bitWidth, by: 8) {
            bytes[index] = UInt8(truncatingIfNeeded: value >> shift)
            index += 1
        }
    }
}
