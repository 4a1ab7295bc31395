/// Percent-encoding (RFC 3986 §2.1) as requests use it in paths and queries.
enum PercentEncoding {
    /// Nil for a percent sign without two hex digits and for bytes that are not UTF-8.
    ///
    /// - Parameter plusIsSpace: in queries a plus sign means a space, as HTML forms write it.
    static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexDigit),
                    let low = rest.next().flatMap(hexDigit)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            case let byte:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The name and value pairs of a query, in order; nil when one of them does not decode.
    static func pairs(query: Substring) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for item in query.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let name = decode(first, plusIsSpace: true),
                let value = parts.count == 2 ? decode(parts[1], plusIsSpace: true) : ""
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
