/// Why the client could not do something. Whether a message arrived is not always known: after
/// `timeout` and `connectionLost` it may have.
package enum NATSError: Error, Equatable, Sendable {
    case notConnected
    case connectionLost(String)
    case timeout
    /// Nobody listens on the request's subject: for JetStream, there is no leader just now.
    case noResponders
    /// Too much waits for the socket or for answers.
    case overloaded
    case protocolViolation(ProtocolError)
    case credentials(CredentialsError)
    case refusedByServer(String)
    case serverTooOld(found: String, minimum: ServerVersion)
    case tlsNotOffered
    case tlsRequired
    case messageTooLarge(bytes: Int, limit: Int)
    case closed

    /// No second attempt can go better until somebody changes the settings.
    package var isFinal: Bool {
        switch self {
        case .credentials, .serverTooOld, .tlsNotOffered, .tlsRequired, .closed: true
        case .refusedByServer(let text): Session.isAboutAuthorization(text)
        case .notConnected, .connectionLost, .timeout, .noResponders, .overloaded,
            .protocolViolation, .messageTooLarge:
            false
        }
    }
}

extension NATSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notConnected: "there is no connection to a NATS server"
        case .connectionLost(let reason): "the connection to the NATS server ended: \(reason)"
        case .timeout: "the NATS server did not answer in time"
        case .noResponders: "nobody answers on this subject: no JetStream leader just now"
        case .overloaded: "too much waits for the NATS server"
        case .protocolViolation(let error): "the NATS server's bytes make no sense: \(error)"
        case .credentials(let error): "\(error)"
        case .refusedByServer(let text): "the NATS server refuses: \(text)"
        case .serverTooOld(let found, let minimum):
            "the NATS server has version \(found); at least \(minimum) is needed, because older "
                + "ones can accept appends of two owners in a cluster: update every node"
        case .tlsNotOffered:
            "TLS is configured, and the NATS server does not offer it: add tls to its configuration"
        case .tlsRequired:
            "the NATS server requires TLS: add the certificate authority to the settings"
        case .messageTooLarge(let bytes, let limit):
            "a message of \(bytes) bytes is more than the NATS server takes (\(limit)): raise "
                + "max_payload"
        case .closed: "the NATS client was closed"
        }
    }
}
