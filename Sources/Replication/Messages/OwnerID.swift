import Persistence

/// A server, from its start to its end: 128 random bits. One that is started again is another.
package struct OwnerID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// Nobody.
    package static let none = OwnerID(high: 0, low: 0)

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func random() -> OwnerID {
        OwnerID(high: .random(in: 1...UInt64.max), low: .random(in: 0...UInt64.max))
    }

    init(from reader: inout ByteReader) throws(DecodingFault) {
        high = try reader.read(UInt64.self)
        low = try reader.read(UInt64.self)
    }

    package var description: String { Hexadecimal.text(high) + Hexadecimal.text(low) }
}

enum Hexadecimal {
    static func text(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
