/// The target of a gateway call: which integration, and what its provider is asked for. Path and
/// query stay as they were sent, byte for byte.
struct CallTarget: Equatable {
    let integration: Substring
    /// Begins with a slash.
    let path: Substring
    /// Without the question mark; nil when there is none.
    let query: Substring?

    private static let prefix = "/api/integrations/"

    /// Nil for targets that are no gateway call.
    init?(_ uri: String) {
        let bytes = uri.utf8
        guard bytes.starts(with: Self.prefix.utf8) else { return nil }
        let rest = bytes.dropFirst(Self.prefix.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let after = rest[bytes.index(after: slash)...]
        guard after.starts(with: "call".utf8) else { return nil }
        let path = after.dropFirst(4)
        guard let first = path.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "?")
        else { return nil }
        integration = Substring(rest[..<slash])
        if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
            self.path = mark == path.startIndex ? "/" : Substring(path[..<mark])
            query = Substring(path[bytes.index(after: mark)...])
        } else {
            self.path = Substring(path)
            query = nil
        }
    }
}

/// Paths that could mean something else to the provider than they do to us.
enum CallPathRule {
    /// False for dot segments, plain or encoded, also such as an encoded slash would make, for
    /// backslashes and for control characters.
    static func permits(_ path: Substring) -> Bool {
        // Most paths have nothing in them that could be read in two ways.
        if path.utf8.allSatisfy(isPlain) { return true }
        var segment: [UInt8] = []
        var bytes = path.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "/"):
                if isDotSegment(segment) { return false }
                segment.removeAll(keepingCapacity: true)
            case UInt8(ascii: "\\"), 0...0x1f, 0x7f:
                return false
            case UInt8(ascii: "%"):
                guard let high = bytes.next().flatMap(hexDigit),
                    let low = bytes.next().flatMap(hexDigit)
                else { return false }
                let decoded = high << 4 | low
                switch decoded {
                // Control characters end paths early, and backslashes separate, somewhere.
                case UInt8(ascii: "\\"), 0...0x1f, 0x7f: return false
                // A symbol like `BTC%2FUSD` is one segment to its provider, and two to others.
                case UInt8(ascii: "/"):
                    if isDotSegment(segment) { return false }
                    segment.removeAll(keepingCapacity: true)
                default: segment.append(decoded)
                }
            default:
                segment.append(byte)
            }
        }
        return !isDotSegment(segment)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: "\\"), UInt8(ascii: "."), 0...0x1f, 0x7f: false
        default: true
        }
    }

    /// `.` and `..`, also with the parameters that some servers cut off (`..;x`).
    private static func isDotSegment(_ segment: [UInt8]) -> Bool {
        let name = segment.prefix { $0 != UInt8(ascii: ";") }
        return name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
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

/// The query of a call, item by item, without changing what is passed on.
enum CallQuery {
    /// Takes the items of these names out.
    ///
    /// - Parameter dropped: names in lower case; they are compared decoded and in lower case.
    /// - Returns: the rest as it was sent, and what was taken out, decoded.
    static func split(
        _ query: Substring, dropping dropped: Set<String>
    ) -> (rest: Substring, taken: [(name: String, value: String)]) {
        var taken: [(name: String, value: String)] = []
        var kept: [Substring] = []
        for item in query.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = item.utf8.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.flatMap { PercentEncoding.decode($0, plusIsSpace: true) }
            guard let name, dropped.contains(name.lowercased()) else {
                kept.append(item)
                continue
            }
            let value = parts.count == 2 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            taken.append((name, value ?? ""))
        }
        return taken.isEmpty ? (query, []) : (kept.joined(separator: "&")[...], taken)
    }

    /// A value as it may stand in a query (RFC 3986 §3.4): all but unreserved characters encoded.
    static func encode(_ value: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default:
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
