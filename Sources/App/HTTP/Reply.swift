package import Actors
package import HTTPTypes
package import NIOCore

/// What a handler answers when it succeeds. The trace id, `cache-control` and the security headers
/// are added on the way out, in one place.
package struct Reply: Sendable {
    package enum Body: Sendable {
        /// A value whose JSON object gets `trace_id` as its last member.
        case object(any Encodable & Sendable)
        /// A JSON object written by hand, complete but for its closing: `{"a":1` without `}`. The
        /// trace id and the brace are appended. Empty means an empty object.
        case openObject(ByteBuffer)
        /// Bytes that go out as they are.
        case raw(ByteBuffer, contentType: String)
        /// Nothing, because the caller has this content already: 304. The type is that of the
        /// content, whose headers an answer without it must have too.
        case unchanged(contentType: String)
    }

    /// What happens to the session cookie.
    package enum CookieChange: Sendable {
        case keep
        /// Sets `__Host-countersign`, to live until the session's absolute end.
        case set(BearerSecret, maxAgeSeconds: Int64)
        case clear
    }

    package var status: HTTPResponse.Status
    package var body: Body
    package var cookie: CookieChange
    package var headers: HTTPFields

    package init(
        _ status: HTTPResponse.Status = .ok, _ body: Body, cookie: CookieChange = .keep,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.body = body
        self.cookie = cookie
        self.headers = headers
    }

    package static func object(
        _ value: some Encodable & Sendable, status: HTTPResponse.Status = .ok,
        cookie: CookieChange = .keep
    ) -> Reply {
        Reply(status, .object(value), cookie: cookie)
    }
}
