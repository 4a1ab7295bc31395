/// Where another server of the cluster listens: what its `cluster.advertise` says.
struct PeerAddress: Hashable, Sendable {
    let host: String
    let port: Int
    let isTLS: Bool

    init?(_ url: String) {
        guard URLText.isOrigin(url), let scheme = url.firstRange(of: "://") else { return nil }
        isTLS = url.hasPrefix("https://")
        var rest = url[scheme.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var port = isTLS ? 443 : 80
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number)
            else { return nil }
            port = number
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty else { return nil }
        host = String(rest)
        self.port = port
    }

    /// A certificate has no names for addresses that could be asked for in a handshake.
    var nameForTLS: String? {
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress ? nil : host
    }
}
