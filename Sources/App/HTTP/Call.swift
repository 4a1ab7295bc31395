package import Actors
package import HTTPTypes
package import NIOCore

/// Who is calling, after authentication.
package enum Caller: Sendable {
    case anonymous
    case session(SessionPrincipal)
    case token(TokenPrincipal)
}

/// One request as a handler sees it: authenticated, limited, its body read, free of the HTTP
/// framework.
package struct Call: Sendable {
    package var trace: TraceID
    package var now: Timestamp
    /// The peer's address, or the forwarded one when the peer is a trusted proxy.
    package var source: SourceAddress
    package var userAgent: String
    package var caller: Caller
    package var headers: HTTPFields
    package var pathParameters: [String: String]
    package var query: [(name: String, value: String)]
    /// The query as it was sent, for whoever has signed it.
    package var rawQuery = ""
    package var body: ByteBuffer

    package init(
        trace: TraceID, now: Timestamp, source: SourceAddress, userAgent: String, caller: Caller,
        headers: HTTPFields, pathParameters: [String: String],
        query: [(name: String, value: String)], body: ByteBuffer
    ) {
        self.trace = trace
        self.now = now
        self.source = source
        self.userAgent = userAgent
        self.caller = caller
        self.headers = headers
        self.pathParameters = pathParameters
        self.query = query
        self.body = body
    }

    /// The session's principal. Endpoints whose access demands a session always have one.
    package func session() throws(APIError) -> SessionPrincipal {
        guard case .session(let principal) = caller else { throw APIError(.notSignedIn) }
        return principal
    }

    /// A path parameter that the endpoint's path names.
    package func parameter(_ name: String) -> String { pathParameters[name] ?? "" }

    /// The first query item of this name, percent-decoded.
    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first query item of this name as a whole number within the range.
    package func number(
        _ name: String, in range: ClosedRange<Int>, standard: Int
    ) throws(APIError) -> Int {
        guard let text = query(name) else { return standard }
        guard let number = Int(text), range.contains(number) else {
            throw APIError(
                .validationFailed, field: name,
                message: "\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
