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
        guard let value = value(in: headers) else { return nil }
        return BearerSecret(.session, presented: value)
    }

    package static func isPresent(in headers: HTTPFields) -> Bool { value(in: headers) != nil }

    /// The `Set-Cookie` value for a change, nil when the cookie is to stay as it is.
    package static func header(for change: Reply.CookieChange) -> String? {
        switch change {
        case .keep: nil
        case .set(let secret, let maxAgeSeconds):
            "\(name)=\(secret.text.value); \(attributes); Max-Age=\(maxAgeSeconds)"
        case .clear: "\(name)=; \(attributes); Max-Age=0"
        }
    }

    private static func value(in headers: HTTPFields) -> String? {
        guard let header = headers[.cookie] else { return nil }
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
