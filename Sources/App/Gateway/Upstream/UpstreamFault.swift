/// Why a provider gave no usable answer.
enum UpstreamFault: Error, Equatable, Sendable {
    /// No address, no connection, or no trust in its certificate.
    case unreachable(String)
    /// Its name leads to an address where no provider may be.
    case forbiddenAddress(String)
    /// The connection ended before the answer did.
    case closed
    /// What came is no HTTP that we accept.
    case invalid(String)
    /// Nothing came within the time.
    case timeout
}

extension UpstreamFault {
    /// What the caller is told. The detail is for the log: it may name addresses.
    var apiError: APIError {
        switch self {
        case .unreachable(let detail):
            APIError(.upstreamUnreachable, detail: detail)
        case .forbiddenAddress(let host):
            APIError(
                .upstreamUnreachable,
                message: "The provider's name leads to an address inside our own network.",
                suggestedFix: "Check the provider's base URL; for a test start the server with "
                    + "--allow-private-upstreams.",
                detail: "\(host) has no public address")
        case .closed: APIError(.upstreamInvalid, detail: "the connection was closed")
        case .invalid(let detail): APIError(.upstreamInvalid, detail: detail)
        case .timeout: APIError(.upstreamTimeout)
        }
    }
}
