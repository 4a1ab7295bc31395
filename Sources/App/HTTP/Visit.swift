package import Actors
import HTTPTypes
import Hummingbird

/// What is known of a request while it goes through the front, and written to the access log after.
package struct Visit: Sendable {
    package let identity: RequestIdentity
    package let source: SourceAddress
    package var now: Timestamp
    package var route: Route?
    package var caller: Caller = .anonymous
    package var notice: RateLimitNotice?

    init(identity: RequestIdentity, source: SourceAddress, now: Timestamp) {
        self.identity = identity
        self.source = source
        self.now = now
    }
}

/// The connection that a request came over.
package struct PeerContext: Sendable {
    package let peer: SourceAddress
    /// Writes `100 Continue`, for clients that wait for it before they send a body.
    package let sendContinue: @Sendable () async -> Void

    package init(peer: SourceAddress, sendContinue: @escaping @Sendable () async -> Void = {}) {
        self.peer = peer
        self.sendContinue = sendContinue
    }
}

/// The two parts of a request's target, as they were sent.
struct RequestTarget {
    let path: Substring
    let query: Substring

    init(_ target: String) {
        // A fragment has no place in a request (RFC 9112 §3.2); such a target matches no route.
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = target[..<mark]
            query = target[target.utf8.index(after: mark)...]
        } else {
            path = target[...]
            query = ""
        }
    }

    var isUnderAPI: Bool { path.utf8.starts(with: "/api".utf8) }

    /// Nil when the query is malformed.
    var queryItems: [(name: String, value: String)]? {
        query.isEmpty ? [] : PercentEncoding.pairs(query: query)
    }
}

extension Request {
    /// Nil when there is none, or several, which is as bad (W3C Trace Context §3.2.1).
    var singleTraceparent: String? {
        guard headers.contains(.traceparent) else { return nil }
        let values = headers[values: .traceparent]
        return values.count == 1 ? values[0] : nil
    }
}
