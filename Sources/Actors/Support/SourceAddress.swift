package import Persistence

/// The IP address that a call comes from, or that it comes from nowhere known.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 address, and a zone (`%eth0`) is
/// dropped: a limit per address must not be escaped by writing the address differently.
package struct SourceAddress: Hashable, Sendable {
    enum Number: Hashable, Sendable {
        case unknown
        case v4(UInt32)
        case v6(high: UInt64, low: UInt64)
    }

    let number: Number

    init(number: Number) { self.number = number }

    package static let unknown = SourceAddress(number: .unknown)

    /// Nil unless the whole text is one address without port or brackets, as `inet_pton(3)` reads
    /// it.
    package init?(_ text: String) {
        guard let number = AddressText.parse(Array(text.utf8)) else { return nil }
        self.number = number
    }

    /// The canonical form of RFC 5952, or `unknown`.
    package var text: String {
        switch number {
        case .unknown: "unknown"
        case .v4(let bits): AddressText.dotted(bits)
        case .v6(let high, let low): AddressText.grouped(high: high, low: low)
        }
    }

    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) and ::1 (RFC 4291 §2.5.3).
    package var isLoopback: Bool {
        switch number {
        case .unknown: false
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// What limits are counted by.
    package var bucket: SourceBucket {
        switch number {
        case .unknown: .unknown
        case .v4(let bits): .v4(bits)
        case .v6(let high, _): .v6(network: high)
        }
    }
}

extension SourceAddress: CustomStringConvertible {
    package var description: String { text }
}

/// The unit that limits per source are counted by: one IPv4 address, or one IPv6 /64, which is what
/// one subscriber gets (RFC 6177) and can choose any of 2^64 addresses in.
package enum SourceBucket: Hashable, Sendable {
    case unknown
    case v4(UInt32)
    case v6(network: UInt64)
}

extension ByteWriter {
    package mutating func write(_ bucket: SourceBucket) {
        switch bucket {
        case .unknown:
            write(UInt8(0))
        case .v4(let bits):
            write(UInt8(4))
            write(bits)
        case .v6(let network):
            write(UInt8(6))
            write(network)
        }
    }
}

extension ByteReader {
    package mutating func readSourceBucket() throws(DecodingFault) -> SourceBucket {
        switch try read(UInt8.self) {
        case 0: .unknown
        case 4: .v4(try read(UInt32.self))
        case 6: .v6(network: try read(UInt64.self))
        case let other: throw .invalidValue("source bucket \(other)")
        }
    }
}

/// A network in CIDR notation, for the list of trusted proxies. Bits after the prefix are ignored,
/// and an address without a prefix is a network of one.
package struct AddressRange: Hashable, Sendable {
    private let network: SourceAddress.Number
    private let prefixBits: Int

    package init?(cidr text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, !first.contains(UInt8(ascii: "%")),
            let number = AddressText.parse(Array(first))
        else { return nil }
        let isWrittenAsV6 = first.contains(UInt8(ascii: ":"))
        let bitsMax = isWrittenAsV6 ? 128 : 32
        guard var bits = parts.count == 2 ? AddressRange.decimal(parts[1]) : bitsMax,
            bits <= bitsMax
        else { return nil }
        if isWrittenAsV6, case .v4 = number {
            // ::ffff:0:0/96 is all of IPv4; a shorter prefix would mix both families.
            guard bits >= 96 else { return nil }
            bits -= 96
        }
        network = number
        prefixBits = bits
    }

    package func contains(_ address: SourceAddress) -> Bool {
        switch (network, address.number) {
        case (.v4(let own), .v4(let other)):
            AddressRange.agree(UInt64(own) << 32, UInt64(other) << 32, bits: prefixBits)
        case (.v6(let ownHigh, let ownLow), .v6(let high, let low)):
            AddressRange.agree(ownHigh, high, bits: min(prefixBits, 64))
                && AddressRange.agree(ownLow, low, bits: max(prefixBits - 64, 0))
        case (.unknown, _), (.v4, _), (.v6, _):
            false
        }
    }

    /// Whether the first `bits` of two words are the same. A shift by 64 gives 0, so 0 bits agree.
    private static func agree(_ left: UInt64, _ right: UInt64, bits: Int) -> Bool {
        (left ^ right) >> UInt64(64 - bits) == 0
    }

    private static func decimal(_ digits: Substring.UTF8View) -> Int? {
        guard (1...3).contains(digits.count),
            digits.count == 1 || digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}
