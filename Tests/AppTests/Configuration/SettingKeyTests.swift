import ArgumentParser
import Testing

@testable import App

@Suite("The table of settings")
struct SettingKeyTests {
    private static let names = SettingKeys.all.map(\.name)

    private func key(_ name: String) throws -> SettingKey {
        try #require(SettingKeys.all.first { $0.name == name })
    }

    @Test("names, variables and flags are each used once")
    func unique() {
        let keys = SettingKeys.all
        let flags = keys.compactMap(\.flag)
        #expect(Set(keys.map(\.name)).count == keys.count)
        // `a.b_c` and `a_b.c` would be one variable.
        #expect(Set(keys.map(\.environmentName)).count == keys.count)
        #expect(Set(flags).count == flags.count)
    }

    @Test("no setting's variable is taken for something else")
    func variables() {
        for name in SettingKeys.all.map(\.environmentName) {
            #expect(name != SettingsLoader.configVariable)
            #expect(!name.hasSuffix("_BASE_URL"), "a provider's origin is set by such a name")
            #expect(name.wholeMatch(of: /COUNTERSIGN(_[A-Z0-9]+)+/) != nil)
        }
    }

    @Test("no group of settings is a setting too, which YAML could not hold")
    func groups() {
        let names = SettingKeys.all.map(\.name)
        for name in names {
            #expect(!names.contains { $0.hasPrefix(name + ".") }, "\(name)")
        }
    }

    // The names that installations depend on, with what they get when they set nothing.
    @Test(
        "what is promised to operators has its name and its default",
        arguments: [
            ("host", "127.0.0.1"), ("port", "8080"), ("data_dir", "./data"), ("public_url", ""),
            ("integrations", ""), ("trusted_proxies", ""), ("behind_tls_proxy", "false"),
            ("allow_private_upstreams", "false"), ("tls.certificate", ""), ("tls.key", ""),
            ("registration", "auto"), ("log.level", "info"), ("log.access", "true"),
            ("log.segment_bytes", "67108864"), ("log.seal_milliseconds", "50"),
            ("snapshot.interval_seconds", "3600"), ("snapshot.log_bytes", "268435456"),
            ("auth.session_idle_seconds", "43200"), ("auth.session_absolute_seconds", "604800"),
            ("auth.step_up_seconds", "600"), ("auth.temp_token_seconds", "300"),
            ("auth.setup_seconds", "600"), ("auth.reset_token_seconds", "3600"),
            ("auth.totp_window_steps", "1"), ("auth.issuer", "Countersign"),
            ("auth.sessions_per_account_max", "10000"), ("auth.tokens_per_account_max", "10000"),
            ("rate_limits.sign_in.quota", "60"), ("rate_limits.sign_in.window_seconds", "60"),
            ("rate_limits.sign_in.burst", "30"), ("rate_limits.registration.quota", "30"),
            ("rate_limits.sms_test.quota", "5"), ("rate_limits.sms.quota", "600"),
            ("rate_limits.probe.quota", "6"), ("rate_limits.reads.quota", "unlimited"),
            ("rate_limits.ingest.quota", "unlimited"), ("rate_limits.calls.quota", "unlimited"),
            ("usage.ring_events", "65536"), ("usage.dedup_keys_max", "4000000"),
            ("http.header_bytes_max", "16384"), ("http.json_body_bytes_max", "1048576"),
            ("http.connections_max", "10000"), ("http.shutdown_seconds", "10"),
        ])
    func defaults(name: String, value: String) throws {
        let row = try #require(try ConfigurationUnderTest.load().row(name))
        #expect(row.text == value)
        #expect(row.origin == "default")
    }

    @Test(
        "a value in the range is kept and shown as it was given; the neighbours are refused",
        arguments: [
            ("port", ["0", "65535"], ["-1", "65536", "80.0", "0x50", " 80", "", "8o80"]),
            ("log.segment_bytes", ["1048576", "1073741824"], ["1048575", "1073741825", "64MiB"]),
            ("auth.step_up_seconds", ["1", "86400"], ["0", "86401", "soon", "10m"]),
            ("auth.totp_window_steps", ["0", "1"], ["-1", "2"]),
            ("auth.session_idle_seconds", ["1"], ["0", "-1", "99999999999999999999"]),
            ("usage.ring_events", ["1000"], ["999", "1e6"]),
            ("log.access", ["true", "false"], ["yes", "1", "True", ""]),
            ("log.level", ["trace", "critical"], ["loud", "INFO", ""]),
            ("registration", ["open", "closed", "auto"], ["sometimes", "Open", ""]),
            ("rate_limits.sign_in.quota", ["1", "1000000", "unlimited"], ["0", "1000001", "-1"]),
            ("rate_limits.sign_in.burst", ["1", "quota"], ["0", "unlimited"]),
            ("rate_limits.sign_in.window_seconds", ["1", "2678400"], ["0", "2678401", "quota"]),
            (
                "public_url", ["https://id.example.com", "https://[2001:db8::1]:8443", ""],
                [
                    "id.example.com", "ftp://id.example.com", "https://id.example.com/app",
                    "https://id.example.com?x", "https://me@id.example.com", "https://",
                ]
            ),
            (
                "trusted_proxies", ["10.0.0.0/8", "192.0.2.1,2001:db8::/32", ""],
                ["everybody", "10.0.0.0/33", "10.0.0.0/8,proxy.example", "10.0.0"]
            ),
            ("host", ["::1", "localhost"], ["127.0.0.1 ", "two words", "a\tb"]),
            (
                "auth.issuer", ["A name with blanks: 64 letters"],
                [String(repeating: "x", count: 65)]
            ),
        ] as [(String, [String], [String])])
    func values(name: String, allowed: [String], refused: [String]) throws {
        let key = try key(name)
        for text in allowed {
            var settings = Settings()
            #expect(key.set(&settings, text), "\(name) refuses \(text)")
            #expect(key.text(settings) == text)
        }
        for text in refused {
            var settings = Settings()
            #expect(!key.set(&settings, text), "\(name) takes \(text)")
            #expect(key.text(settings) == key.text(Settings()), "\(text) left a trace")
        }
    }

    @Test("every setting's default is a value that may be written down", arguments: names)
    func defaultIsAllowed(name: String) throws {
        let key = try key(name)
        var settings = Settings()
        #expect(key.set(&settings, key.text(Settings())))
        #expect(key.text(settings) == key.text(Settings()))
    }

    @Test("a setting writes its own place and no other", arguments: names)
    func ownPlace(name: String) throws {
        let key = try key(name)
        let candidates = [
            "0", "1", "7", "2000", "2000000", "false", "true", "open", "trace", "10.0.0.0/8",
            "https://id.example.com", "elsewhere",
        ]
        var settings = Settings()
        let standard = key.text(settings)
        let other = try #require(
            candidates.first { key.set(&settings, $0) && key.text(settings) != standard },
            "no candidate differs from the default of \(key.name)")
        #expect(key.text(settings) == other)
        for neighbour in SettingKeys.all where neighbour.name != key.name {
            #expect(neighbour.text(settings) == neighbour.text(Settings()), "\(neighbour.name)")
        }
    }

    @Test(
        "a refusal names the setting, its place, what is allowed, and the default",
        arguments: names)
    func refusals(name: String) throws {
        let key = try key(name)
        // Refused by everything but free text.
        let bad = "bad value"
        var settings = Settings()
        guard !key.set(&settings, bad) else { return }
        let problems = try ConfigurationUnderTest.problems(
            environment: [key.environmentName: bad])
        let problem = try #require(problems.first)
        #expect(problem.name == key.name)
        #expect(problem.origin == "environment \(key.environmentName)")
        #expect(problem.message.contains(bad))
        #expect(problem.fix.contains(key.allowed))
        #expect(problem.fix.contains(key.defaultText))
        let shown = SettingsError(problems).description
        #expect(shown.contains(key.name) && shown.contains(key.environmentName))
    }

    @Test("every flag of the table is a flag of `serve`, and every flag of `serve` is in the table")
    func flags() throws {
        let flags = SettingKeys.all.compactMap(\.flag)
        let withoutValue = "--allow-private-upstreams"
        let arguments = flags.flatMap { $0 == withoutValue ? [$0] : [$0, "value of \($0)"] }
        let options = try ServeOptions.parse(arguments)
        #expect(Set(options.values.keys) == Set(flags))
        for flag in flags where flag != withoutValue {
            #expect(options.values[flag] == "value of \(flag)")
        }
        #expect(options.values[withoutValue] == "true")
        #expect(try ServeOptions.parse([]).values.isEmpty)
        #expect(try DataOptions.parse(["--data-dir", "d"]).values == ["--data-dir": "d"])
    }
}
