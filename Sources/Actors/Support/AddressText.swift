/// The text forms of IP addresses: RFC 4291 §2.2 read strictly, RFC 5952 written.
///
/// Written by hand because `inet_pton` and its `sockaddr` casts are unsafe code on text that comes
/// from outside; a test compares both on many thousand mutated addresses.
enum AddressText {
    /// The longest text form, `ffff:…:255.255.255.255` (INET6_ADDRSTRLEN), and a zone with it.
    private static let bytesMax = 46 + 64

    static func parse(_ text: [UInt8]) -> SourceAddress.Number? {
        guard text.count <= bytesMax else { return nil }
        guard text.contains(UInt8(ascii: ":")) else { return parseV4(text[...]).map { .v4($0) } }
        var address = text[...]
        if let zone = text.firstIndex(of: UInt8(ascii: "%")) {
            guard zone + 1 < text.count else { return nil }
            address = text[..<zone]
        }
        guard let groups = parseV6(address) else { return nil }
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        // RFC 4291 §2.5.5.2: ::ffff:0:0/96 are IPv4 addresses in IPv6 clothes.
        if high == 0, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
        return .v6(high: high, low: low)
    }

    /// Four decimal numbers without leading zeros, which some readers would take for octal.
    private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                part.allSatisfy({ (48...57).contains($0) })
            else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 48) }
            guard value <= 255 else { return nil }
            bits = bits << 8 | value
        }
        return bits
    }

    /// Eight groups; one `::` may stand for one or more zero groups, and the last two groups may be
    /// an IPv4 address.
    private static func parseV6(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        guard let gap = doubleColon(in: text) else {
            return parseGroups(text).flatMap { $0.count == 8 ? $0 : nil }
        }
        let left = text[..<gap]
        let right = text[(gap + 2)...]
        // A left part never ends in an IPv4 address: that may only be the last of the whole text.
        guard !left.contains(UInt8(ascii: ".")),
            let before = left.isEmpty ? [] : parseGroups(left),
            let after = right.isEmpty ? [] : parseGroups(right), before.count + after.count <= 7
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - before.count - after.count)
        return before + zeros + after
    }

    /// The place of the first `::`. A second one leaves an empty group, which `parseGroups`
    /// refuses.
    private static func doubleColon(in text: ArraySlice<UInt8>) -> Int? {
        text.indices.dropLast().first {
            text[$0] == UInt8(ascii: ":") && text[$0 + 1] == UInt8(ascii: ":")
        }
    }

    private static func parseGroups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let bits = parseV4(part) else { return nil }
                groups.append(UInt16(bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
            } else {
                guard let group = hexGroup(part) else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }

    private static func hexGroup(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        let padded = Array(repeating: UInt8(ascii: "0"), count: 4 - digits.count) + digits
        guard let bytes = Hex.decode(String(decoding: padded, as: UTF8.self)) else { return nil }
        return UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    }

    static func dotted(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// RFC 5952 §4: lower case, no leading zeros, `::` for the first of the longest runs of at
    /// least two zero groups.
    static func grouped(high: UInt64, low: UInt64) -> String {
        let groups = [high, low].flatMap { word in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: word >> UInt64($0)) }
        }
        let longest = longestZeroRun(groups)
        func hex(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        guard longest.count >= 2 else { return hex(0..<8) }
        return hex(0..<longest.lowerBound) + "::" + hex(longest.upperBound..<8)
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<(index + 1)
            }
        }
        return longest
    }
}
