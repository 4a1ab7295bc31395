package import Actors
package import HTTPTypes

/// The cookie that carries a session. The `__Host-` prefix makes browsers refuse it unless it is
/// Secure, has the path `/` and no domain, so that no other host can plant or read it
/// (draft-ietf-httpbis-rfc6265bis §4.1.3).
package enum SessionCookie {
    package static let name = "__Host-countersign"

    private static let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax"

    /// Nil when there is no such cookie, or when it does not have the shape of a session secret.
    package static func secret(in headers: HTTPFields) -> BearerSecret? {
        headers[.cookie].flatMap(secret(inHeader:))
    }

    /// The same for one `Cookie` header.
    static func secret(inHeader header: String) -> BearerSecret? {
        value(inHeader: header).flatMap { BearerSecret(.session, presented: $0) }
    }

    package static func isPresent(in headers: HTTPFields) -> Bool {
        headers[.cookie].flatMap(value(inHeader:)) != nil
    }

    /// The `Set-Cookie` value for a change, nil when the cookie is to stay as it is.
    package static func header(for change: Reply.CookieChange) -> String? {
        switch change {
        case .keep: nil
        case .set(let secret, let maxAgeSeconds):
            "\(name)=\(secret.text.value); \(attributes); Max-Age=\(maxAgeSeconds)"
        case .clear: "\(name)=; \(attributes); Max-Age=0"
        }
    }

    private static func value(inHeader header: String) -> String? {
        let bytes = header.utf8
        for pair in bytes.split(separator: UInt8(ascii: ";")) {
            let pair = pair.drop { $0 == UInt8(ascii: " ") }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                pair[..<equals].elementsEqual(name.utf8)
            else { continue }
            return String(Substring(pair[pair.index(after: equals)...]))
        }
        return nil
    }
}
