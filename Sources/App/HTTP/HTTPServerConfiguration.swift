package import Actors

/// What the HTTP server needs to know; the settings' names are in the configuration.
package struct HTTPServerConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 picks a free one.
    package var port = 8080
    package var tls: TLSIdentity?
    /// Whose `X-Forwarded-For` is believed.
    package var trustedProxies: [AddressRange] = []
    /// Where the outside reaches us: `https://id.example.com`. Nil when nobody has said.
    package var publicURL: String?
    package var limits = ConnectionLimits()
    /// Beyond this, new connections are told that the server is overloaded.
    package var connectionsMax = 10_000
    /// So many connections may wait to be told so; the next ones wait in the kernel's queue.
    package var refusedConnectionsMax = 1_024
    /// What the bodies of all requests may take together: some thirty of the largest batches.
    package var bodiesBytesMax = 256 << 20
    /// How many wait there: enough for a burst, bounded by net.core.somaxconn.
    package var backlog = 1024
    package var jsonBodyBytesMax = 1 << 20
    /// How long a stop waits for what is under way.
    package var shutdownSeconds: Int64 = 10

    /// How requests find their place in a cluster; nil where there is one server.
    var router: RouterParts?

    package init() {}

    /// Whether browsers reach the server by TLS, ended by us or by a proxy in front.
    package var isReachedByTLS: Bool {
        tls != nil || publicURL?.lowercased().hasPrefix("https://") == true
    }

    /// Scheme, host and port of the public URL, as browsers write them in `Origin`.
    package var publicOrigin: String? {
        guard let publicURL, let scheme = publicURL.firstRange(of: "://") else { return nil }
        let authority = publicURL[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return publicURL[..<scheme.upperBound].lowercased() + authority.lowercased()
    }
}
