package import Actors
package import HTTPTypes

/// What a request brings to say who is calling. A bearer wins over a cookie, for it was sent on
/// purpose.
package enum RequestCredential: Sendable {
    case none
    case sessionCookie(BearerSecret)
    /// A cookie of our name that is no session secret.
    case malformedCookie
    case bearer(BearerSecret)
    /// A bearer token that cannot be one of ours.
    case malformedBearer

    package init(_ headers: HTTPFields) {
        if let token = RequestCredential.bearerToken(headers[.authorization]) {
            let secret =
                BearerSecret(.session, presented: token) ?? BearerSecret(.service, presented: token)
            self = secret.map(RequestCredential.bearer) ?? .malformedBearer
        } else if let secret = SessionCookie.secret(in: headers) {
            self = .sessionCookie(secret)
        } else {
            self = SessionCookie.isPresent(in: headers) ? .malformedCookie : .none
        }
    }

    package var hasBearer: Bool {
        switch self {
        case .bearer, .malformedBearer: true
        case .none, .sessionCookie, .malformedCookie: false
        }
    }

    package var hasCookie: Bool {
        switch self {
        case .sessionCookie, .malformedCookie: true
        case .none, .bearer, .malformedBearer: false
        }
    }

    /// The token after `Bearer` (RFC 6750 §2.1); the scheme's case does not matter (RFC 9110
    /// §11.1).
    static func bearerToken(_ header: String?) -> String? {
        guard let header, header.utf8.count > scheme.utf8.count,
            zip(header.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 })
        else { return nil }
        return String(header.dropFirst(scheme.count).drop { $0 == " " })
    }

    /// Lower-case letters and a space: setting the bit 0x20 changes neither.
    private static let scheme = "bearer "
}
