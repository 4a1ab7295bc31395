import Actors
import Crypto
import NIOHTTP1

/// What a server says of a request that it passes on to the owner: where it came from, and when,
/// with a code that only servers with the same master key can make.
///
/// `x-countersign-hop: 1;<Unix milliseconds>;<source>;<hex of HMAC-SHA256>`; method and target are
/// under the code too, so that what was seen of one request is of no use for another.
struct HopSeal: Sendable {
    static let header = "x-countersign-hop"
    private static let version = "1"
    /// How far the clocks of two servers may be apart.
    private static let millisecondsMax: UInt64 = 60_000

    private let key: Redacted<SymmetricKey>

    init(_ master: MasterKey) { key = master.derived(for: "cluster hop") }

    func seal(_ head: HTTPRequestHead, from source: SourceAddress, at now: Timestamp) -> String {
        let text = "\(Self.version);\(now.milliseconds);\(source.text)"
        let code = HMAC<SHA256>.authenticationCode(for: covered(text, head), using: key.value)
        return "\(text);\(Hex.encode(code))"
    }

    /// The source, if a server of this cluster says so.
    func open(_ head: HTTPRequestHead, at now: Timestamp) -> SourceAddress? {
        let values = head.headers[Self.header]
        guard values.count == 1 else { return nil }
        let parts = values[0].split(separator: ";", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.version, let at = Int64(parts[1]),
            Self.distance(now.milliseconds, at) <= Self.millisecondsMax,
            let code = Hex.decode(parts[3])
        else { return nil }
        let text = parts[0..<3].joined(separator: ";")
        guard
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: covered(text, head), using: key.value)
        else { return nil }
        return SourceAddress(String(parts[2])) ?? .unknown
    }

    /// Of any two numbers: one of them was written by anybody.
    private static func distance(_ left: Int64, _ right: Int64) -> UInt64 {
        left > right ? UInt64(bitPattern: left &- right) : UInt64(bitPattern: right &- left)
    }

    private func covered(_ text: String, _ head: HTTPRequestHead) -> [UInt8] {
        Array("\(text)\n\(head.method.rawValue)\n\(head.uri)".utf8)
    }
}
