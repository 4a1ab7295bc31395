/// What the client accepts and sends at the most. A server that goes beyond is not one of ours, and
/// the connection to it ends.
package enum ProtocolLimits {
    /// `MSG` and its like with subject, reply subject and sizes; a server's own limit is the same.
    package static let controlLineBytesMax = 4096
    /// `INFO` lists every server of the cluster, so its line may be longer.
    package static let infoLineBytesMax = 64 << 10
    /// Headers and payload of one message that comes in. A server allows 1 MiB unless told
    /// otherwise, and 64 MiB at the very most; an answer of JetStream's API carries a message in
    /// base64.
    package static let messageBytesMax = 8 << 20
    /// The header block of one message, in either direction.
    package static let headerBytesMax = 64 << 10
    package static let headerCountMax = 64
    package static let subjectBytesMax = 512
    /// No size has more digits.
    static let sizeDigitsMax = 9
    /// No id of a subscription has more digits.
    static let subscriptionDigitsMax = 19
    /// What one connection may have subscribed to: two for each shard and a few more.
    package static let subscriptionsMax = 1024
    /// Requests that wait for an answer.
    package static let requestsMax = 4096
    /// Bytes that were handed to the socket and have not left: more means that the server or the
    /// network does not keep up, and callers do better to wait.
    package static let pendingBytesMax = 16 << 20
}

/// Why a connection's bytes could not be understood, or a command would not be one.
package enum ProtocolError: Error, Equatable, Sendable {
    case lineTooLong(limit: Int)
    case unknownOperation(String)
    case malformed(String)
    case messageTooLarge(bytes: Int, limit: Int)
    case invalidHeaders(String)
    case invalidSubject(String)
}
