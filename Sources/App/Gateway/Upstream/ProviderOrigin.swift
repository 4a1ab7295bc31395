/// Where a provider is: fixed by the catalogue or the operator, never by a caller.
struct ProviderOrigin: Sendable, Equatable {
    let isTLS: Bool
    /// A name, or an address without brackets.
    let host: String
    let port: Int
    /// What `Host` says: without the port where it is the scheme's own.
    let authority: String

    /// - Parameter text: an origin as `URLText.isOrigin` allows it.
    init?(_ text: String) {
        guard let match = text.wholeMatch(of: Self.pattern) else { return nil }
        isTLS = match.scheme == "https"
        host = match.host.trimmingBrackets
        let standard = isTLS ? 443 : 80
        let port = match.port.map { Int($0) ?? 0 } ?? standard
        guard (1...65_535).contains(port) else { return nil }
        self.port = port
        authority = port == standard ? String(match.host) : "\(match.host):\(port)"
    }

    private typealias Parts = (Substring, scheme: Substring, host: Substring, port: Substring?)

    private static var pattern: Regex<Parts> {
        // The scheme, a name or an address in brackets, and perhaps a port.
        #/
        (?<scheme> https? ) :\/\/
        (?<host> \[ [0-9A-Fa-f:.]+ \] | [A-Za-z0-9.-]+ )
        (?: : (?<port> [0-9]{1,5} ) )? \/?
        /#
    }
}

extension Substring {
    fileprivate var trimmingBrackets: String {
        first == "[" ? String(dropFirst().dropLast()) : String(self)
    }
}
