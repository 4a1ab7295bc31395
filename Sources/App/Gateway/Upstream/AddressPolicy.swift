import Actors

/// Which addresses a provider may have. A name that suddenly leads into our own network (DNS
/// rebinding, a mistyped origin) must not make the server knock on doors that only it can reach.
struct AddressPolicy: Sendable {
    /// For tests, and for proxies on the same network: loopback and private addresses too.
    let allowsPrivate: Bool

    func allows(_ address: SourceAddress) -> Bool {
        if Self.never.contains(where: { $0.contains(address) }) { return false }
        return allowsPrivate || !Self.privateOnes.contains { $0.contains(address) }
    }

    /// Never a provider's: this network, link-local with the clouds' metadata service, multicast,
    /// broadcast, and prefixes that stand for other addresses (IANA special-purpose registries).
    private static let never = ranges([
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8", "2002::/16", "64:ff9b::/96",
        "64:ff9b:1::/48", "2001::/32", "100::/64",
    ])

    /// Loopback, RFC 1918, shared address space of carriers (RFC 6598), unique local addresses
    /// (RFC 4193), documentation and benchmarking nets.
    private static let privateOnes = ranges([
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
        "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "::1/128",
        "fc00::/7", "fec0::/10", "2001:db8::/32",
    ])

    private static func ranges(_ texts: [String]) -> [AddressRange] {
        texts.map { text in
            guard let range = AddressRange(cidr: text) else {
                preconditionFailure("\(text) is no address range")
            }
            return range
        }
    }
}
