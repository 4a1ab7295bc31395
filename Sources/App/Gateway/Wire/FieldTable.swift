/// Looks up header field names, whatever their case, without making a string of each: most names
/// are told apart by their length alone.
struct FieldTable<Value: Sendable>: Sendable {
    private struct Row: Sendable {
        /// In lower case.
        let name: [UInt8]
        let value: Value
    }

    /// By the length of the name.
    private var rows: [[Row]] = []

    init(_ entries: [(name: String, value: Value)] = []) {
        for (name, value) in entries { self[name] = value }
    }

    /// Setting replaces; names are taken in lower case.
    subscript(name: String) -> Value? {
        get { self.value(of: Array(name.utf8)) }
        set {
            let bytes = Array(name.lowercased().utf8)
            while rows.count <= bytes.count { rows.append([]) }
            rows[bytes.count].removeAll { $0.name == bytes }
            if let newValue { rows[bytes.count].append(Row(name: bytes, value: newValue)) }
        }
    }

    func value(of name: some Collection<UInt8>) -> Value? {
        let count = name.count
        guard count < rows.count else { return nil }
        for row in rows[count] where FieldName.matches(name, lowercase: row.name) {
            return row.value
        }
        return nil
    }

    /// The same for a part of an answer that is being read.
    func value(of bytes: Span<UInt8>, in range: Range<Int>) -> Value? {
        guard range.count < rows.count else { return nil }
        for row in rows[range.count]
        where FieldName.matches(bytes, in: range, lowercase: row.name) {
            return row.value
        }
        return nil
    }
}

/// Names of header fields as bytes (RFC 9110 §5.1): tokens, compared without regard to case.
enum FieldName {
    /// A table instead of ten comparisons: names are checked byte by byte for every answer.
    private static let isTokenByte: [Bool] = (0..<256).map { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "!#$%&'*+-.^_`|~".utf8.contains(UInt8(byte))
    }

    static func isToken(_ byte: UInt8) -> Bool { isTokenByte[Int(byte)] }

    static func lower(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

    static func matches(_ name: some Collection<UInt8>, lowercase: [UInt8]) -> Bool {
        name.count == lowercase.count && zip(name, lowercase).allSatisfy { lower($0) == $1 }
    }

    static func matches(
        _ bytes: Span<UInt8>, in range: Range<Int>, lowercase: [UInt8]
    ) -> Bool {
        guard range.count == lowercase.count else { return false }
        for offset in 0..<range.count
        where lower(bytes[range.lowerBound + offset]) != lowercase[offset] {
            return false
        }
        return true
    }

    static func hasPrefix(
        _ bytes: Span<UInt8>, in range: Range<Int>, _ lowercase: [UInt8]
    ) -> Bool {
        guard range.count >= lowercase.count else { return false }
        return matches(
            bytes, in: range.lowerBound..<range.lowerBound + lowercase.count, lowercase: lowercase)
    }
}

/// Fields that belong to one connection and never travel further (RFC 9110 §7.6.1).
enum HopByHop {
    static let names = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate",
        "proxy-authorization", "proxy-authentication-info", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]
}
