/// The header block of a message: an optional status, and names with values in their order.
///
///     NATS/1.0 503 No Responders\r\nName: value\r\n\r\n
package struct Headers: Equatable, Sendable {
    /// What the server says instead of a payload: 100 for what keeps a consumer alive, 503 when
    /// nobody listens.
    package private(set) var status: Int?
    package private(set) var reason = ""
    private(set) var fields: [(name: String, value: String)] = []

    private static let version = "NATS/1.0"
    package static let noResponders = 503
    package static let control = 100

    package init() {}

    package static func == (left: Headers, right: Headers) -> Bool {
        left.status == right.status && left.reason == right.reason
            && left.fields.elementsEqual(right.fields, by: ==)
    }

    /// The first value of that name, compared as it is written.
    package subscript(name: String) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            fields.removeAll { $0.name == name }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    package var isEmpty: Bool { fields.isEmpty && status == nil }

    // MARK: From bytes

    package init(parsing bytes: some Sequence<UInt8>) throws(ProtocolError) {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else {
            throw .invalidHeaders("not UTF-8")
        }
        // Unicode takes a carriage return and a line feed for one character: bytes do not.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)[
            ...]
        guard lines.popLast()?.isEmpty == true, lines.allSatisfy({ $0.last == "\r" }) else {
            throw .invalidHeaders("lines that do not end")
        }
        guard lines.popLast()?.count == 1, let first = lines.popFirst() else {
            throw .invalidHeaders("no end")
        }
        try parseStatus(String(first.dropLast()))
        guard lines.count <= ProtocolLimits.headerCountMax else {
            throw .invalidHeaders("\(lines.count) fields")
        }
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw .invalidHeaders("a field without a name")
            }
            let value = line[line.index(after: colon)...].dropLast()
            fields.append((String(line[..<colon]), Self.trimmed(String(value))))
        }
    }

    private mutating func parseStatus(_ line: String) throws(ProtocolError) {
        guard line.hasPrefix(Self.version) else { throw .invalidHeaders("another version") }
        let rest = Self.trimmed(String(line.dropFirst(Self.version.count)))
        guard !rest.isEmpty else { return }
        let parts = rest.split(separator: " ", maxSplits: 1)
        guard parts[0].utf8.count == 3, let status = Int(parts[0]), status >= 100 else {
            throw .invalidHeaders("a status that is no number")
        }
        self.status = status
        reason = parts.count > 1 ? Self.trimmed(String(parts[1])) : ""
    }

    private static func trimmed(_ text: String) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
        var scalars = text.unicodeScalars.drop(while: isBlank)
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return String(scalars)
    }

    // MARK: To bytes

    package func encoded() throws(ProtocolError) -> [UInt8] {
        var bytes = Array(Self.version.utf8)
        if let status { bytes += Array(" \(status)\(reason.isEmpty ? "" : " " + reason)".utf8) }
        bytes += Self.lineEnd
        for (name, value) in fields {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x3a }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
            else { throw .invalidHeaders(name) }
            bytes += Array("\(name): \(value)".utf8)
            bytes += Self.lineEnd
        }
        bytes += Self.lineEnd
        guard bytes.count <= ProtocolLimits.headerBytesMax else {
            throw .invalidHeaders("\(bytes.count) bytes")
        }
        return bytes
    }

    private static let lineEnd: [UInt8] = [0x0d, 0x0a]
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }
}
