package import NIOSSL

/// One server of a cluster.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    package static let defaultPort = 4222
    package let host: String
    package let port: Int

    package init(host: String, port: Int = defaultPort) {
        self.host = host
        self.port = port
    }

    /// Reads `nats://host:port`, `tls://host`, `host:port` or `[::1]:port`. Nil for anything else,
    /// and for an address with a password in it: that belongs to the credentials.
    package init?(_ text: String) {
        var rest = text[...]
        for scheme in ["nats://", "tls://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "@/ ?#".contains($0) }) else { return nil }
        var port = Self.defaultPort
        if let colon = rest.lastIndex(of: ":"), rest.last != "]" {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65535).contains(number)
            else { return nil }
            port = number
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") {
            rest = rest.dropFirst().dropLast()
        } else if rest.contains(":") {
            return nil
        }
        guard !rest.isEmpty else { return nil }
        self.init(host: String(rest), port: port)
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// An address is not a name that a certificate's name could be compared with.
    var nameForTLS: String? {
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress ? nil : host
    }
}

package struct ClientConfiguration: Sendable {
    package var servers: [ServerAddress]
    package var terms: Session.Terms
    package var tls: NIOSSLContext?
    package var connectMilliseconds: Int64 = 2000
    package var backOff = BackOff()

    package init(servers: [ServerAddress], terms: Session.Terms, tls: NIOSSLContext? = nil) {
        precondition(!servers.isEmpty)
        self.servers = servers
        self.terms = terms
        self.terms.usesTLS = tls != nil
        self.tls = tls
    }

    /// - Parameters:
    ///   - authorities: the file with the certificates that servers' are checked against.
    ///   - identity: this client's own certificate chain and key, where servers ask for one.
    package static func tls(
        authorities: String, identity: (chain: String, key: String)? = nil
    ) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.minimumTLSVersion = .tlsv12
        settings.trustRoots = .file(authorities)
        if let identity {
            settings.certificateChain = try NIOSSLCertificate.fromPEMFile(identity.chain)
                .map { .certificate($0) }
            settings.privateKey = .privateKey(
                try NIOSSLPrivateKey(file: identity.key, format: .pem))
        }
        return try NIOSSLContext(configuration: settings)
    }
}

/// How long to wait before the next round over the servers. Pure.
package struct BackOff: Equatable, Sendable {
    package var firstMilliseconds: Int64 = 50
    package var lastMilliseconds: Int64 = 2000

    package init() {}

    /// Doubles from round to round; a random half of it is taken off, so that clients that lost the
    /// same server do not come back together.
    ///
    /// - Parameter random: anything from 0 up to but not including 1.
    package func milliseconds(afterRounds rounds: Int, random: Double) -> Int64 {
        let doublings = min(max(rounds - 1, 0), 16)
        let full = min(firstMilliseconds << Int64(doublings), lastMilliseconds)
        return full - Int64(Double(full / 2) * random)
    }
}
