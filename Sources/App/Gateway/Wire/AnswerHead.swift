/// What makes a provider's answer unusable: anything that two readers could take differently is
/// refused, and its connection is never used again.
enum AnswerFault: Error, Equatable {
    case malformed(StaticString)
    case tooLarge

    static func == (left: AnswerFault, right: AnswerFault) -> Bool {
        left.description == right.description
    }
}

extension AnswerFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .malformed(let what): "the answer has \(what)"
        case .tooLarge: "the answer's head is too large"
        }
    }
}

/// How the end of an answer's body is found (RFC 9112 §6.3).
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked
    case untilClose
}

/// One field of an answer's head, as places in its bytes.
struct AnswerField {
    let name: Range<Int>
    /// Without the white space around it.
    let value: Range<Int>
    /// The whole line with its end.
    let line: Range<Int>
}

/// The head of a provider's answer, read strictly (RFC 9112): one kind of line end, no folding, no
/// bare CR, one length or chunks, a token for each name.
struct AnswerHead {
    let status: Int
    /// From behind the version to the end of the line.
    let statusLine: Range<Int>
    let framing: BodyFraming
    let isKeptAlive: Bool

    /// The length of the head at the start of these bytes, its blank line included; nil while it is
    /// not complete.
    static func length(_ bytes: Span<UInt8>) -> Int? {
        var index = 3
        while index < bytes.count {
            if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10 {
                return index + 1
            }
            // Whatever is no end of line can't be within the last three bytes of a head's end.
            index += bytes[index] == 10 || bytes[index] == 13 ? 1 : 2
        }
        return nil
    }

    private static let version = Array("http/1.".utf8)

    /// False as soon as the first bytes show that no head begins here.
    static func couldBegin(_ bytes: Span<UInt8>) -> Bool {
        let count = min(bytes.count, version.count)
        for index in 0..<count where FieldName.lower(bytes[index]) != version[index] {
            return false
        }
        return true
    }

    /// - Parameters:
    ///   - length: of the head.
    ///   - isToHEAD: the answer has no body whatever its fields say (RFC 9110 §9.3.2).
    ///   - fields: receives the fields; what it had is removed, its storage is used again.
    init(
        _ bytes: Span<UInt8>, length: Int, isToHEAD: Bool, fields: inout [AnswerField]
    ) throws(AnswerFault) {
        fields.removeAll(keepingCapacity: true)
        var reader = HeadLines(end: length - 2)
        let first = try reader.next(bytes)
        let (status, isHTTP10) = try Self.status(bytes, first)
        var body = BodyFields(isKeptAlive: !isHTTP10)
        while !reader.isAtEnd {
            let line = try reader.next(bytes)
            let field = try Self.field(bytes, line)
            fields.append(field)
            try body.add(field, bytes, isHTTP10: isHTTP10)
        }
        self.status = status
        statusLine = first.lowerBound + 8..<first.upperBound
        framing = try body.framing(status: status, isToHEAD: isToHEAD, isHTTP10: isHTTP10)
        isKeptAlive = body.isKeptAlive && framing != .untilClose
    }

    private static func status(
        _ bytes: Span<UInt8>, _ line: Range<Int>
    ) throws(AnswerFault) -> (status: Int, isHTTP10: Bool) {
        guard line.count >= 12 + 2, FieldName.hasPrefix(bytes, in: line, version) else {
            throw .malformed("no HTTP/1 status line")
        }
        let start = line.lowerBound
        let minor = bytes[start + 7]
        guard minor == 48 || minor == 49, bytes[start + 8] == 32 else {
            throw .malformed("an unknown version")
        }
        var status = 0
        for index in start + 9..<start + 12 {
            guard bytes[index] &- 48 < 10 else { throw .malformed("no numeric status") }
            status = status * 10 + Int(bytes[index] &- 48)
        }
        guard status >= 100, bytes[start + 12] == 32 || bytes[start + 12] == 13 else {
            throw .malformed("no valid status")
        }
        return (status, minor == 48)
    }

    private static func field(
        _ bytes: Span<UInt8>, _ line: Range<Int>
    ) throws(AnswerFault) -> AnswerField {
        var colon = line.lowerBound
        // White space is no token, so this refuses folded lines and blanks before the colon too.
        while FieldName.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, bytes[colon] == 58 else {
            throw .malformed("a malformed field name")
        }
        var start = colon + 1
        var end = line.upperBound - 2
        while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
        while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
        return AnswerField(name: line.lowerBound..<colon, value: start..<end, line: line)
    }
}

/// Finds the lines of a head, each ended by CR LF.
private struct HeadLines {
    private var index = 0
    private let end: Int

    init(end: Int) { self.end = end }

    var isAtEnd: Bool { index >= end }

    mutating func next(_ bytes: Span<UInt8>) throws(AnswerFault) -> Range<Int> {
        let start = index
        while index < end, bytes[index] != 10 {
            guard bytes[index] != 0 else { throw .malformed("a zero byte in its head") }
            if bytes[index] == 13, index + 1 >= end || bytes[index + 1] != 10 {
                throw .malformed("a bare CR in its head")
            }
            index += 1
        }
        guard index < end, index > start, bytes[index - 1] == 13 else {
            throw .malformed("a line that is not ended by CR LF")
        }
        index += 1
        return start..<index
    }
}

/// What the fields say about the body and the connection.
private struct BodyFields {
    private var length: Int?
    private var isChunked = false
    private(set) var isKeptAlive: Bool

    private static let contentLength = Array("content-length".utf8)
    private static let transferEncoding = Array("transfer-encoding".utf8)
    private static let connection = Array("connection".utf8)
    private static let chunked = Array("chunked".utf8)
    private static let close = Array("close".utf8)
    private static let keepAlive = Array("keep-alive".utf8)

    init(isKeptAlive: Bool) { self.isKeptAlive = isKeptAlive }

    mutating func add(
        _ field: AnswerField, _ bytes: Span<UInt8>, isHTTP10: Bool
    ) throws(AnswerFault) {
        switch field.name.count {
        case Self.contentLength.count
        where FieldName.matches(bytes, in: field.name, lowercase: Self.contentLength):
            guard length == nil else { throw .malformed("two lengths") }
            length = try Self.number(bytes, field.value)
        case Self.transferEncoding.count
        where FieldName.matches(bytes, in: field.name, lowercase: Self.transferEncoding):
            guard !isChunked,
                FieldName.matches(bytes, in: field.value, lowercase: Self.chunked)
            else { throw .malformed("a transfer coding that nobody asked for") }
            isChunked = true
        case Self.connection.count
        where FieldName.matches(bytes, in: field.name, lowercase: Self.connection):
            if FieldName.matches(bytes, in: field.value, lowercase: Self.keepAlive) {
                if isHTTP10 { isKeptAlive = true }
            } else {
                // `close`, or names of further fields: rare enough to begin afresh.
                isKeptAlive = false
            }
        default:
            return
        }
    }

    func framing(
        status: Int, isToHEAD: Bool, isHTTP10: Bool
    ) throws(AnswerFault) -> BodyFraming {
        if isChunked, length != nil || isHTTP10 { throw .malformed("a length and chunks") }
        if isToHEAD || status < 200 || status == 204 || status == 304 { return .none }
        if isChunked { return .chunked }
        return length.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
    }

    private static func number(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(AnswerFault) -> Int {
        // Eighteen digits fit into 64 bits.
        guard (1...18).contains(range.count) else { throw .malformed("no valid length") }
        var value = 0
        for index in range {
            guard bytes[index] &- 48 < 10 else { throw .malformed("no valid length") }
            value = value * 10 + Int(bytes[index] &- 48)
        }
        return value
    }
}
