import NIOCore
import NIOHTTP1

/// What the connection refuses before a request reaches any endpoint, and by which code: the errors
/// of NIO's parser, and what that parser lets pass but RFC 9112 does not.
enum ParserRefusal {
    /// Nil for errors that are none of HTTP: then there is nobody to answer.
    ///
    /// - Parameter isInRequestLine: no line of the request is complete yet.
    static func code(for error: any Error, isInRequestLine: Bool) -> ErrorCode? {
        guard let error = error as? HTTPParserError else { return nil }
        return switch error {
        case .headerOverflow: isInRequestLine ? .uriTooLong : .headersTooLarge
        default: .invalidRequest
        }
    }

    /// Nil when the head may go on to an endpoint.
    static func check(_ head: HTTPRequestHead, limits: ConnectionLimits) -> ErrorCode? {
        if head.uri.utf8.count > limits.targetBytesMax { return .uriTooLong }
        guard hasOneHost(head), hasOneLength(head.headers), hasUsableTarget(head) else {
            return .invalidRequest
        }
        return nil
    }

    /// RFC 9112 §3.2: HTTP/1.1 needs exactly one Host; two of them are how routing is confused.
    private static func hasOneHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = head.headers["host"]
        guard hosts.count <= 1 else { return false }
        guard let host = hosts.first else { return head.version == .http1_0 }
        return host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
    }

    /// RFC 9112 §6.1 and §6.3: one length or chunks, never both, never two, and no coding but
    /// `chunked`. Everything else is a way to smuggle a request past a proxy.
    private static func hasOneLength(_ headers: HTTPHeaders) -> Bool {
        let lengths = headers["content-length"]
        let codings = headers["transfer-encoding"]
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
            return false
        }
        if let length = lengths.first {
            return (1...18).contains(length.utf8.count)
                && length.utf8.allSatisfy { (48...57).contains($0) }
        }
        return codings.allSatisfy { $0.lowercased() == "chunked" }
    }

    /// A path, or the whole URL that RFC 9112 §3.2.2 makes servers accept. `*` is for OPTIONS only,
    /// and CONNECT, whose target is neither, is not ours. A fragment never belongs into a request.
    private static func hasUsableTarget(_ head: HTTPRequestHead) -> Bool {
        let target = head.uri
        guard head.method != .CONNECT,
            target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") })
        else { return false }
        return target.hasPrefix("/") || target.hasPrefix("http://") || target.hasPrefix("https://")
            || (target == "*" && head.method == .OPTIONS)
    }
}
