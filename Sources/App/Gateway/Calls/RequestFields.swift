import NIOCore
import NIOHTTP1

/// Which of a caller's header fields travel on to a provider, and the writing of its request.
struct RequestFields: Sendable {
    private enum Rule: Sendable {
        case drop
        /// Narrowed to what we can read in passing.
        case acceptEncoding
    }

    private var table = FieldTable<Rule>()
    private let defaults: [(name: String, value: String)]

    /// What is never passed on, whatever the provider: of one connection, of the caller's own
    /// network, a way to be taken for another method, or a credential.
    private static let dropped =
        HopByHop.names + [
            "host", "expect", "cookie", "authorization", "forwarded", "x-real-ip", "via",
            "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-http-method",
            "x-http-method-override", "x-method-override", "traceparent", "tracestate",
            "x-trace-id", HopSeal.header,
        ]
    private static let droppedPrefix = "x-forwarded-"

    /// - Parameter foreign: headers in which any provider takes a credential.
    init(_ scheme: CallScheme, foreign: Set<String>) {
        for name in Self.dropped + scheme.droppedHeaders + foreign { table[name] = .drop }
        table["accept-encoding"] = .acceptEncoding
        defaults = scheme.defaultHeaders
    }

    /// The head of the request as the provider gets it. The parser has checked names and values,
    /// and `target` is made of checked parts.
    ///
    /// - Parameter credentials: whole lines.
    func head(
        method: String, target: String, authority: String, headers: HTTPHeaders,
        credentials: ByteBuffer
    ) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(512)
        out.writeString(method)
        out.writeStaticString(" ")
        out.writeString(target)
        out.writeStaticString(" HTTP/1.1\r\nhost: ")
        out.writeString(authority)
        out.writeStaticString("\r\n")
        let named = Self.namedByConnection(headers)
        var isChunked = false
        var encodings: String?
        for (name, value) in headers {
            switch table.value(of: name.utf8) {
            case .drop?:
                if FieldName.matches(name.utf8, lowercase: Self.transferEncoding) {
                    isChunked = true
                }
                continue
            case .acceptEncoding?:
                encodings = encodings.map { "\($0),\(value)" } ?? value
                continue
            case nil:
                break
            }
            if name.utf8.count > Self.droppedPrefix.utf8.count,
                name.lowercased().hasPrefix(Self.droppedPrefix)
            {
                continue
            }
            if !named.isEmpty, named.contains(name.lowercased()) { continue }
            Self.write(name, value, to: &out)
        }
        if let encodings {
            Self.write("accept-encoding", Self.narrowed(encodings), to: &out)
        }
        for (name, value) in defaults where !headers.contains(name: name) {
            Self.write(name, value, to: &out)
        }
        if isChunked { out.writeStaticString("transfer-encoding: chunked\r\n") }
        out.writeImmutableBuffer(credentials)
        out.writeStaticString("\r\n")
        return out
    }

    private static let transferEncoding = Array("transfer-encoding".utf8)

    private static func write(_ name: String, _ value: String, to out: inout ByteBuffer) {
        out.writeString(name)
        out.writeStaticString(": ")
        out.writeString(value)
        out.writeStaticString("\r\n")
    }

    /// Further names that are of this connection only (RFC 9110 §7.6.1). A length is none of them:
    /// without it the body would have no end.
    private static func namedByConnection(_ headers: HTTPHeaders) -> Set<String> {
        guard headers.contains(name: "connection") else { return [] }
        let names = headers[canonicalForm: "connection"].map { $0.lowercased() }
        return Set(names).subtracting(["close", "keep-alive", "content-length"])
    }

    /// What of an Accept-Encoding can be read in passing: gzip, deflate and identity.
    private static func narrowed(_ value: String) -> String {
        let kept = value.split(separator: ",").filter { item in
            let name = item.split(separator: ";").first?.filter { $0 != " " }.lowercased()
            return name == "gzip" || name == "deflate" || name == "identity"
        }
        return kept.isEmpty ? "identity" : kept.joined(separator: ",")
    }
}
