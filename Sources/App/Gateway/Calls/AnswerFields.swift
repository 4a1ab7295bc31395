import Actors
import NIOCore

/// Which header fields of a provider's answer reach the caller, and what we read of them.
struct AnswerFields: Sendable {
    private enum Rule: Sendable {
        case drop
        case length
        case contentType
        case contentEncoding
        case location
        case requestID
        case retryAfter
        case rateLimit(RateLimitMemory.Place)
    }

    private var table = FieldTable<Rule>()

    /// Of one connection, of the provider's own origin, or ours to say.
    private static let dropped =
        HopByHop.names + [
            "set-cookie", "set-cookie2", "alt-svc", "strict-transport-security", "cache-control",
            "traceparent", "tracestate", "traceresponse", "x-trace-id",
            "content-security-policy", "content-security-policy-report-only", "x-frame-options",
            "x-content-type-options", "clear-site-data", "public-key-pins", "nel", "report-to",
            "reporting-endpoints", "expect-ct", "x-gateway-overhead-us", "x-upstream-ms",
        ]
    private static let droppedPrefix = Array("access-control-".utf8)

    init(_ scheme: AnswerScheme) {
        for name in Self.dropped { table[name] = .drop }
        table["content-length"] = .length
        table["content-type"] = .contentType
        table["content-encoding"] = .contentEncoding
        table["location"] = .location
        table["content-location"] = .drop
        table["retry-after"] = .retryAfter
        if let name = scheme.requestIDHeader { table[name] = .requestID }
        for (index, limit) in scheme.rateLimits.enumerated() {
            for (name, part) in [
                (limit.limit, RateLimitMemory.Part.limit), (limit.remaining, .remaining),
                (limit.reset, .reset),
            ] {
                guard let name else { continue }
                table[name] = .rateLimit(RateLimitMemory.Place(index: index, part: part))
            }
        }
    }

    /// What the fields of one answer say.
    struct Notes: Sendable {
        var kind = AnswerInspector.Kind()
        var location: String?
        var requestID: String?
        var retryAfterSeconds: Int?
        var rateLimits: [(place: RateLimitMemory.Place, value: String)] = []
    }

    /// Reads the fields, and writes those that are passed on to `out`.
    ///
    /// - Parameter keepsLength: the body's length is passed on as it is.
    func relay(
        _ bytes: ByteBuffer, _ fields: [AnswerField], keepsLength: Bool, to out: inout ByteBuffer
    ) -> Notes {
        var notes = Notes()
        let span = bytes.readableBytesUInt8Span
        let named = Self.namedByConnection(span, fields)
        for field in fields {
            var isKept = true
            switch table.value(of: span, in: field.name) {
            case .drop?: isKept = false
            case .length?: isKept = keepsLength
            case .contentType?: notes.kind.note(contentType: span, in: field.value)
            case .contentEncoding?: notes.kind.note(encoding: Self.text(span, field.value))
            case .location?:
                notes.location = Self.text(span, field.value)
                isKept = false
            case .requestID?: notes.requestID = Self.text(span, field.value)
            case .retryAfter?: notes.retryAfterSeconds = Int(Self.text(span, field.value))
            case .rateLimit(let place)?:
                notes.rateLimits.append((place, Self.text(span, field.value)))
            case nil:
                isKept =
                    !FieldName.hasPrefix(span, in: field.name, Self.droppedPrefix)
                    && !named.contains { FieldName.matches(span, in: field.name, lowercase: $0) }
            }
            guard isKept,
                let line = bytes.getSlice(
                    at: bytes.readerIndex + field.line.lowerBound, length: field.line.count)
            else { continue }
            out.writeImmutableBuffer(line)
        }
        return notes
    }

    private static let connection = Array("connection".utf8)
    private static let keepAlive = Array("keep-alive".utf8)

    private static func namedByConnection(
        _ bytes: Span<UInt8>, _ fields: [AnswerField]
    ) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for field in fields
        where field.name.count == connection.count
            && FieldName.matches(bytes, in: field.name, lowercase: connection)
            && !FieldName.matches(bytes, in: field.value, lowercase: keepAlive)
        {
            for name in text(bytes, field.value).split(separator: ",") {
                names.append(Array(name.filter { $0 != " " && $0 != "\t" }.lowercased().utf8))
            }
        }
        return names
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        for index in range { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension AnswerInspector.Kind {
    private static let eventStream = Array("text/event-stream".utf8)
    private static let slashJSON = Array("/json".utf8)
    private static let plusJSON = Array("+json".utf8)

    /// The media type ends before its parameters (RFC 9110 §8.3.1).
    fileprivate mutating func note(contentType bytes: Span<UInt8>, in range: Range<Int>) {
        var end = range.lowerBound
        while end < range.upperBound, bytes[end] != UInt8(ascii: ";") { end += 1 }
        while end > range.lowerBound, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
        let type = range.lowerBound..<end
        isEventStream = FieldName.matches(bytes, in: type, lowercase: Self.eventStream)
        let ending = max(range.lowerBound, end - Self.slashJSON.count)..<end
        isJSON =
            FieldName.matches(bytes, in: ending, lowercase: Self.slashJSON)
            || FieldName.matches(bytes, in: ending, lowercase: Self.plusJSON)
    }

    fileprivate mutating func note(encoding text: String) {
        switch text.lowercased() {
        case "", "identity": encoding = .identity
        case "gzip", "x-gzip", "deflate": encoding = .zlib
        default: encoding = .unknown
        }
    }
}
