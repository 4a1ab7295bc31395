/// What a server says.
package enum ServerOperation: Equatable, Sendable {
    /// JSON, to be read with `ServerInfo`.
    case info([UInt8])
    case message(Message)
    case ping
    case pong
    case ok
    case error(String)
}

/// A message as it comes in.
package struct Message: Equatable, Sendable {
    package let subject: String
    /// Which subscription it is for.
    package let subscription: UInt64
    package let reply: String?
    package let headers: Headers?
    package let payload: [UInt8]

    package init(
        subject: String, subscription: UInt64, reply: String? = nil, headers: Headers? = nil,
        payload: [UInt8] = []
    ) {
        self.subject = subject
        self.subscription = subscription
        self.reply = reply
        self.headers = headers
        self.payload = payload
    }

    /// The server's word that nobody listens on the subject of a request.
    var saysNoResponders: Bool {
        headers?.status == Headers.noResponders && payload.isEmpty
    }
}
