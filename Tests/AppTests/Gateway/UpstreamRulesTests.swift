import Actors
import Testing

@testable import App

@Suite("Where providers may be")
struct UpstreamRulesTests {
    @Test(
        "public addresses are allowed, with and without the flag",
        arguments: ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
    func publicOnes(text: String) throws {
        let address = try #require(SourceAddress(text))
        #expect(AddressPolicy(allowsPrivate: false).allows(address))
        #expect(AddressPolicy(allowsPrivate: true).allows(address))
    }

    @Test(
        "loopback and private addresses need the flag",
        arguments: [
            "127.0.0.1", "127.255.0.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "100.64.0.1", "::1", "fc00::1", "fdff::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        ])
    func privateOnes(text: String) throws {
        let address = try #require(SourceAddress(text))
        #expect(!AddressPolicy(allowsPrivate: false).allows(address))
        #expect(AddressPolicy(allowsPrivate: true).allows(address))
    }

    @Test(
        "metadata, link-local, multicast and transition addresses are never a provider's",
        arguments: [
            "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1",
            "::", "2002:7f00:1::", "64:ff9b::7f00:1", "::ffff:169.254.169.254",
        ])
    func never(text: String) throws {
        let address = try #require(SourceAddress(text))
        #expect(!AddressPolicy(allowsPrivate: true).allows(address))
    }

    @Test(
        "an origin says host, port and what Host has to say",
        arguments: [
            ("https://api.example.com", true, "api.example.com", 443, "api.example.com"),
            ("https://api.example.com:443/", true, "api.example.com", 443, "api.example.com"),
            ("http://127.0.0.1:8080", false, "127.0.0.1", 8080, "127.0.0.1:8080"),
            ("http://[::1]:9", false, "::1", 9, "[::1]:9"),
        ] as [(String, Bool, String, Int, String)])
    func origin(text: String, isTLS: Bool, host: String, port: Int, authority: String) throws {
        let origin = try #require(ProviderOrigin(text))
        #expect(origin.isTLS == isTLS && origin.host == host && origin.port == port)
        #expect(origin.authority == authority)
    }

    @Test(
        "a redirect stays with its provider or is blocked",
        arguments: [
            ("/v1/other", true), ("other?x=https://evil.example", true), ("?x", true), ("", true),
            ("https://api.example.com/x", true), ("https://API.example.com/x", true),
            ("https://api.example.com", true), ("http://api.example.com/x", false),
            ("https://api.example.com.evil.example/x", false),
            ("https://evil.example/api.example.com", false), ("//evil.example/x", false),
            ("https://api.example.com@evil.example/", false), ("javascript:alert(1)", false),
            ("https:evil.example", false), ("\\\\evil.example", false),
            ("https://api.example.com:8443/", false),
        ])
    func redirect(location: String, isAllowed: Bool) throws {
        let origin = try #require(ProviderOrigin("https://api.example.com"))
        #expect(RedirectRule.permits(location, origin: origin) == isAllowed)
    }
}

@Suite("When a probe is due")
struct ProbeScheduleTests {
    private let start = Timestamp(seconds: 1_800_000_000)

    private func evidence(
        _ status: UsageStatus?, http: UInt16? = nil, code: String? = nil, times: Int = 1
    )
        -> ConnectionEvidence
    {
        var evidence = ConnectionEvidence()
        guard let status else { return evidence }
        var facts = UsageFacts(
            integration: IntegrationID("x"), operation: "GET /", source: .observed, status: status,
            at: start, trace: TraceID(high: 1, low: 2))
        facts.httpStatus = http
        facts.errorCode = code
        for _ in 0..<times { evidence.learn(facts, endedAt: start) }
        return evidence
    }

    /// Seconds from the start at which the first probe is due.
    private func firstDue(
        _ evidence: ConnectionEvidence, isCostly: Bool = false, jitter: Double = 0
    ) -> Int64? {
        var schedule = ProbeSchedule(afterSeconds: 900, isCostly: isCostly)
        return (0...30_000).first { second in
            schedule.isDue(evidence, at: start.advanced(bySeconds: second), jitter: jitter)
        }
    }

    @Test("soon where nothing is known, late where traffic shows that it works")
    func first() {
        #expect(firstDue(evidence(nil)) == 0)
        #expect(firstDue(evidence(nil), jitter: 1) == 5)
        #expect(firstDue(evidence(.ok, http: 200)) == 900)
        #expect(firstDue(evidence(.ok, http: 200), jitter: 1) == 990)
        #expect(firstDue(evidence(.ok, http: 200), isCostly: true) == 21_600)
    }

    @Test("never while the credentials are refused")
    func refused() {
        #expect(firstDue(evidence(.error, http: 401, code: UsageErrorCode.authFailed)) == nil)
    }

    @Test("half-open after a failure: 1 s, then twice as long, up to five minutes")
    func backoff() {
        for (failures, expected) in [(1, 1), (2, 2), (4, 6), (9, 192), (12, 225), (60, 225)] {
            let due = firstDue(evidence(.error, times: failures))
            #expect(due == Int64(expected), "\(failures) failures")
        }
    }

    @Test("a probe that brings no answer is followed by the next one, not by a flood")
    func noFlood() {
        var schedule = ProbeSchedule(afterSeconds: 900, isCostly: false)
        let due = (0..<3600).filter { second in
            schedule.isDue(evidence(nil), at: start.advanced(bySeconds: Int64(second)), jitter: 0)
        }
        #expect(due.count == 4)
    }
}
