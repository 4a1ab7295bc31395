import Actors
import App
import HTTPTypes
import Testing

@Suite("Where a request comes from")
struct SourceResolverTests {
    @Test(
        "X-Forwarded-For is believed only as far as trusted proxies wrote it",
        arguments: [
            // Nobody trusted: the header is anybody's word.
            ("192.0.2.1", "203.0.113.9", [], "192.0.2.1"),
            ("192.0.2.1", "203.0.113.9", ["192.0.2.0/24"], "203.0.113.9"),
            // What the client itself put in front is not believed.
            ("192.0.2.1", "1.1.1.1, 203.0.113.9", ["192.0.2.0/24"], "203.0.113.9"),
            ("192.0.2.1", "203.0.113.9, 192.0.2.7", ["192.0.2.0/24"], "203.0.113.9"),
            ("192.0.2.1", "203.0.113.9:4711", ["192.0.2.1/32"], "203.0.113.9"),
            ("192.0.2.1", "[2001:db8::7]:443", ["192.0.2.1/32"], "2001:db8::7"),
            ("192.0.2.1", "nonsense", ["192.0.2.1/32"], "192.0.2.1"),
            ("192.0.2.1", "203.0.113.9, nonsense", ["192.0.2.1/32"], "192.0.2.1"),
        ] as [(String, String, [String], String)])
    func forwarded(peer: String, header: String, trusted: [String], expected: String) throws {
        let ranges = try trusted.map { try #require(AddressRange(cidr: $0)) }
        let source = SourceResolver(trustedProxies: ranges).source(
            peer: try #require(SourceAddress(peer)), headers: [.init("x-forwarded-for")!: header])
        #expect(source == SourceAddress(expected))
    }

    @Test("a caller on loopback is local unless a proxy speaks for somebody else")
    func local() throws {
        let resolver = SourceResolver(trustedProxies: [])
        let loopback = try #require(SourceAddress("127.0.0.1"))
        #expect(resolver.isLocal(loopback, headers: [:]))
        #expect(!resolver.isLocal(loopback, headers: [.init("x-forwarded-for")!: "192.0.2.1"]))
        #expect(!resolver.isLocal(try #require(SourceAddress("192.0.2.1")), headers: [:]))
    }
}
