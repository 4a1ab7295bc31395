import Persistence

/// `readOptional` and `readArray` of this module's own: a generic function of another module is not
/// specialised here, and a start calls them millions of times.
extension ByteReader {
    mutating func optional<Value>(
        _ read: (inout ByteReader) throws(DecodingFault) -> Value
    ) throws(DecodingFault) -> Value? {
        try readBool() ? try read(&self) : nil
    }

    mutating func array<Element>(
        _ read: (inout ByteReader) throws(DecodingFault) -> Element
    ) throws(DecodingFault) -> [Element] {
        let count = try readCount()
        var values: [Element] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}
