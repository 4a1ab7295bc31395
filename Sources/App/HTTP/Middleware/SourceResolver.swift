package import Actors
package import HTTPTypes

/// Decides where a request comes from. `X-Forwarded-For` can be written by anybody, so it is
/// believed only as far as it was added by proxies that the operator trusts.
package struct SourceResolver: Sendable {
    private let trustedProxies: [AddressRange]
    /// Whether a `RouterHandler` is in front, which leaves what other servers of the cluster say.
    private let isInCluster: Bool

    package init(trustedProxies: [AddressRange], isInCluster: Bool = false) {
        self.trustedProxies = trustedProxies
        self.isInCluster = isInCluster
    }

    /// The peer, unless it is a trusted proxy: then the rightmost forwarded address that is none.
    /// An entry that is no address ends the search at the hop that sent it.
    package func source(peer: SourceAddress, headers: HTTPFields) -> SourceAddress {
        if isInCluster, let hop = headers[.hop] { return SourceAddress(hop) ?? .unknown }
        guard isTrusted(peer), let forwarded = headers[.xForwardedFor] else { return peer }
        var source = peer
        for entry in forwarded.split(separator: ",", omittingEmptySubsequences: false).reversed() {
            guard let hop = SourceResolver.address(entry) else { return source }
            source = hop
            if !isTrusted(hop) { return source }
        }
        return source
    }

    /// Whether the caller itself sits on this machine. A local reverse proxy that nobody declared
    /// as trusted also connects over loopback; the headers that proxies add tell it apart.
    package func isLocal(_ source: SourceAddress, headers: HTTPFields) -> Bool {
        guard source.isLoopback else { return false }
        return !SourceResolver.proxyHeaders.contains { headers.contains($0) }
    }

    private func isTrusted(_ address: SourceAddress) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }

    /// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:1234`.
    private static func address(_ entry: Substring) -> SourceAddress? {
        var text = entry.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return SourceAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        let colons = text.utf8.count { $0 == UInt8(ascii: ":") }
        if colons == 1, let colon = text.firstIndex(of: ":") { text = text[..<colon] }
        return SourceAddress(String(text))
    }

    private static let proxyHeaders: [HTTPField.Name] =
        [.forwarded, .hop, .xForwardedFor, .xRealIP, .via]
}
