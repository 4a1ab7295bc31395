import Actors
import Foundation
import Testing

@testable import App

@Suite("What the settings make of the server")
struct SettingsPartsTests {
    private func settings(_ environment: [String: String]) throws -> Settings {
        try ConfigurationUnderTest.load(environment: environment).settings
    }

    @Test(
        "registration is open on loopback, and elsewhere only when an operator says so",
        arguments: [
            ("127.0.0.1", "auto", .open), ("::1", "auto", .open), ("localhost", "auto", .open),
            ("127.8.9.10", "auto", .open), ("0.0.0.0", "auto", .afterFirstAdmin),
            ("192.0.2.1", "auto", .afterFirstAdmin), ("::", "auto", .afterFirstAdmin),
            ("localhost.example", "auto", .afterFirstAdmin),
            ("1127.0.0.1", "auto", .afterFirstAdmin),
            ("127.0.0.1", "closed", .closed), ("0.0.0.0", "closed", .closed),
            ("127.0.0.1", "open", .open), ("0.0.0.0", "open", .open),
        ] as [(String, String, RegistrationGate)])
    func registration(host: String, choice: String, gate: RegistrationGate) throws {
        let settings = try settings([
            "COUNTERSIGN_HOST": host, "COUNTERSIGN_REGISTRATION": choice,
            "COUNTERSIGN_BEHIND_TLS_PROXY": "true",
        ])
        #expect(settings.registrationGate == gate)
    }

    @Test("only what guards accounts or costs money is limited by default")
    func standardLimits() throws {
        let limits = try settings([:]).rateLimits
        #expect(
            limits == [
                .signIn: RateLimitPolicy(quota: 60, windowSeconds: 60, burst: 30),
                .registration: RateLimitPolicy(quota: 30, windowSeconds: 60, burst: 30),
                .smsTest: RateLimitPolicy(quota: 5, windowSeconds: 60, burst: 5),
                .sms: RateLimitPolicy(quota: 600, windowSeconds: 60, burst: 600),
                .probe: RateLimitPolicy(quota: 6, windowSeconds: 60, burst: 6),
            ])
    }

    @Test("a quota limits what was unlimited, and `unlimited` frees what was limited")
    func changedLimits() throws {
        let limits = try settings([
            "COUNTERSIGN_RATE_LIMITS_READS_QUOTA": "100",
            "COUNTERSIGN_RATE_LIMITS_CALLS_QUOTA": "100",
            "COUNTERSIGN_RATE_LIMITS_CALLS_BURST": "7",
            "COUNTERSIGN_RATE_LIMITS_CALLS_WINDOW_SECONDS": "3600",
            "COUNTERSIGN_RATE_LIMITS_INGEST_BURST": "5",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_QUOTA": "unlimited",
            "COUNTERSIGN_RATE_LIMITS_SIGN_IN_BURST": "5",
        ]).rateLimits
        #expect(limits[.reads] == RateLimitPolicy(quota: 100, windowSeconds: 60, burst: 100))
        #expect(limits[.calls] == RateLimitPolicy(quota: 100, windowSeconds: 3600, burst: 7))
        // A burst alone is no limit.
        #expect(limits[.ingest] == nil && limits[.signIn] == nil)
    }

    @Test("the times of the account rules come from the settings, in whatever layer")
    func policy() throws {
        let loaded = try ConfigurationUnderTest.load(
            yaml: "auth:\n  session_idle_seconds: 11\n  session_absolute_seconds: 12\n",
            environment: [
                "COUNTERSIGN_AUTH_SESSION_ABSOLUTE_SECONDS": "13",
                "COUNTERSIGN_AUTH_STEP_UP_SECONDS": "14",
                "COUNTERSIGN_AUTH_TEMP_TOKEN_SECONDS": "15",
                "COUNTERSIGN_AUTH_SETUP_SECONDS": "16",
                "COUNTERSIGN_AUTH_RESET_TOKEN_SECONDS": "17",
                "COUNTERSIGN_AUTH_TOTP_WINDOW_STEPS": "0",
                "COUNTERSIGN_AUTH_ISSUER": "Example",
                "COUNTERSIGN_AUTH_SESSIONS_PER_ACCOUNT_MAX": "18",
            ])
        var expected = AccountPolicy()
        expected.sessionIdleSeconds = 11
        expected.sessionAbsoluteSeconds = 13
        expected.stepUpSeconds = 14
        expected.tempTokenSeconds = 15
        expected.setupSeconds = 16
        expected.resetTokenSeconds = 17
        expected.totpWindowSteps = 0
        expected.issuer = "Example"
        expected.sessionsPerAccountMax = 18
        #expect(loaded.settings.policy == expected)
    }

    @Test("the HTTP server gets what the settings say")
    func http() throws {
        let configuration = try settings([
            "COUNTERSIGN_HOST": "::1", "COUNTERSIGN_PORT": "0",
            "COUNTERSIGN_PUBLIC_URL": "https://id.example.com",
            "COUNTERSIGN_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
            "COUNTERSIGN_HTTP_HEADER_BYTES_MAX": "2048",
            "COUNTERSIGN_HTTP_JSON_BODY_BYTES_MAX": "4096",
            "COUNTERSIGN_HTTP_CONNECTIONS_MAX": "5", "COUNTERSIGN_HTTP_SHUTDOWN_SECONDS": "0",
        ]).httpConfiguration()
        #expect(configuration.host == "::1" && configuration.port == 0)
        #expect(configuration.publicURL == "https://id.example.com")
        #expect(
            configuration.trustedProxies
                == ["10.0.0.0/8", "192.0.2.1"].compactMap { AddressRange(cidr: $0) })
        #expect(configuration.trustedProxies.count == 2)
        #expect(configuration.limits.headerBytesMax == 2048)
        #expect(configuration.jsonBodyBytesMax == 4096)
        #expect(configuration.connectionsMax == 5 && configuration.shutdownSeconds == 0)
        #expect(configuration.tls == nil)
        #expect(try settings([:]).httpConfiguration().publicURL == nil)
    }

    @Test("a certificate that can't be read is named, with what it has to be")
    func certificate() throws {
        let path = "missing-\(UUID().uuidString).pem"
        let settings = try settings([
            "COUNTERSIGN_TLS_CERTIFICATE": path, "COUNTERSIGN_TLS_KEY": path,
        ])
        let error = #expect(throws: SettingsError.self) { try settings.httpConfiguration() }
        let problem = try #require(error?.problems.first)
        #expect(problem.name == "tls.certificate" && problem.origin == path)
        #expect(problem.fix.contains("PEM"))
    }

    @Test("a public address without TLS is refused with all ways out")
    func publicAddress() throws {
        let problems = try ConfigurationUnderTest.problems(flags: ["--host": "0.0.0.0"])
        let problem = try #require(problems.first)
        #expect(problems.count == 1)
        #expect(problem.name == "host" && problem.origin == "flag --host")
        for remedy in ["--tls-cert", "--tls-key", "behind_tls_proxy", "127.0.0.1"] {
            #expect(problem.fix.contains(remedy))
        }
    }

    @Test("half of a certificate is refused, whichever half, with both names")
    func halfOfACertificate() throws {
        for flag in ["--tls-cert", "--tls-key"] {
            let problems = try ConfigurationUnderTest.problems(flags: [flag: "x.pem"])
            #expect(problems.count == 1)
            let text = SettingsError(problems).description
            #expect(text.contains("--tls-cert") && text.contains("--tls-key"))
        }
    }

    @Test("the built-in catalogue is good, and another one that is missing is named")
    func catalogue() throws {
        #expect(try settings([:]).catalog().ids.map { "\($0)" }.contains("twilio"))
        let path = "missing-\(UUID().uuidString).yaml"
        let missing = try settings(["COUNTERSIGN_INTEGRATIONS": path])
        let error = #expect(throws: SettingsError.self) { try missing.catalog() }
        #expect(error?.problems.map(\.origin) == [path])
    }
}
