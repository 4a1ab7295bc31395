import Foundation
import TestSupport
import Testing

@testable import App

@Suite("Settings in YAML")
struct YAMLSettingsTests {
    private func rows(_ yaml: String) throws -> [String] {
        try YAMLSettings.entries(of: yaml, file: "c.yaml")
            .map { "\($0.name) = \($0.text) (\($0.origin))" }
    }

    @Test("each value has its dotted name and its line")
    func places() throws {
        let yaml = """
            # A comment
            port: 8081

            rate_limits:
              sign_in:
                quota: 5  # another one
                burst: "6"
            trusted_proxies:
              - 10.0.0.0/8
              - 192.0.2.1
            """
        #expect(
            try rows(yaml) == [
                "port = 8081 (c.yaml:2)", "rate_limits.sign_in.quota = 5 (c.yaml:6)",
                "rate_limits.sign_in.burst = 6 (c.yaml:7)",
                "trusted_proxies = 10.0.0.0/8,192.0.2.1 (c.yaml:9)",
            ])
    }

    @Test("a dotted name is the same setting as the nested one")
    func dottedNames() throws {
        #expect(try rows("auth.setup_seconds: 5\n") == ["auth.setup_seconds = 5 (c.yaml:1)"])
        let twice = "auth.setup_seconds: 5\nauth:\n  setup_seconds: 6\n"
        let problem = try #require(try ConfigurationUnderTest.problems(yaml: twice).first)
        #expect(problem.name == "auth.setup_seconds")
        #expect(problem.origin.hasSuffix(".yaml:3"))
    }

    @Test(
        "a file that sets nothing is no mistake",
        arguments: ["", "\n\n", "# only a comment\n", "---\n", "{}\n"])
    func nothing(yaml: String) throws {
        let rows = try ConfigurationUnderTest.load(yaml: yaml).rows
        #expect(rows.allSatisfy { $0.origin == "default" })
    }

    @Test(
        "what is no list of settings is refused with the file's name",
        arguments: [
            "port: [8080\n", "just text\n", "- port\n- host\n", "port: 1\n---\nport: 2\n",
            "port: 1\n port: 2\n", "port: *nowhere\n", "port:\n\t- 1\n", "\"port: 1\n",
            "trusted_proxies: [[10.0.0.0/8]]\n", "trusted_proxies: [{a: b}]\n",
            "port: 1\nport: 2\n", "auth:\n  setup_seconds: 1\n  setup_seconds: 2\n",
        ])
    func malformed(yaml: String) throws {
        let problems = try ConfigurationUnderTest.problems(yaml: yaml)
        let problem = try #require(problems.first)
        #expect(problem.origin.contains(".yaml"))
        #expect(!problem.message.isEmpty && !problem.fix.isEmpty)
    }

    @Test(
        "a name that is not in the table is named in full, with the nearest that is",
        arguments: [
            ("prot: 1\n", "prot", "port"),
            ("auth:\n  step_up_second: 5\n", "auth.step_up_second", "auth.step_up_seconds"),
            (
                "rate_limits:\n  signin:\n    quota: 5\n", "rate_limits.signin.quota",
                "rate_limits.sign_in.quota"
            ),
            ("weather: sunny\n", "weather", "check-config"),
            ("port:\n  number: 1\n", "port.number", "check-config"),
        ])
    func unknown(yaml: String, name: String, hint: String) throws {
        let problems = try ConfigurationUnderTest.problems(yaml: yaml)
        #expect(problems.map(\.name) == [name])
        let line = yaml.split(separator: "\n").count
        #expect(problems.allSatisfy { $0.origin.hasSuffix(".yaml:\(line)") })
        #expect(problems.allSatisfy { $0.fix.contains(hint) })
    }

    @Test("every mistake of a file is reported at once, each with its own line")
    func together() throws {
        let yaml = "port: many\nprot: 1\nauth:\n  setup_seconds: 0\nlog:\n  level: loud\n"
        let problems = try ConfigurationUnderTest.problems(yaml: yaml)
        let lines = problems.map { "\($0.name)\($0.origin.suffix(2))" }
        #expect(lines == ["port:1", "prot:2", "auth.setup_seconds:4", "log.level:6"])
    }

    @Test("a file that is not there, or is a folder, is named")
    func unreadable() {
        let folder = FileManager.default.temporaryDirectory.path
        for path in ["missing-\(UUID().uuidString).yaml", folder] {
            let error = #expect(throws: SettingsError.self) {
                try Settings.load(config: path, flags: [:], environment: [:])
            }
            #expect(error?.problems.map(\.origin) == [path])
        }
    }

    @Test("COUNTERSIGN_CONFIG names the file where no flag does")
    func fileByEnvironment() throws {
        try ConfigurationUnderTest.withFile(Data("port: 1001\n".utf8)) { byVariable in
            let environment = [SettingsLoader.configVariable: byVariable]
            let loaded = try Settings.load(config: nil, flags: [:], environment: environment)
            #expect(loaded.row("port")?.origin == "\(byVariable):1")
            try ConfigurationUnderTest.withFile(Data("port: 1002\n".utf8)) { byFlag in
                let loaded = try Settings.load(
                    config: byFlag, flags: [:], environment: environment)
                #expect(loaded.settings.port == 1002)
                #expect(loaded.row("port")?.origin == "\(byFlag):1")
            }
        }
    }

    @Test("the sample's text explains every setting above its default")
    func sampleIsComplete() throws {
        let lines = SampleFile.text.split(separator: "\n").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        for key in SettingKeys.all {
            #expect(lines.contains("# \(key.summary)"), "\(key.name)")
            #expect(lines.contains { $0.hasPrefix("# Allowed: \(key.allowed)") }, "\(key.name)")
        }
        let entries = try YAMLSettings.entries(of: SampleFile.text, file: "c.yaml")
        #expect(entries.map(\.name) == SettingKeys.all.map(\.name))
        #expect(entries.map(\.text) == SettingKeys.all.map { $0.text(Settings()) })
    }

    @Test("random bytes are an error or nothing, never a trap", arguments: 1...200)
    func randomBytes(seed: UInt64) throws {
        let random = SeededRandom(seed: seed)
        let data = Data(random.bytes(random.below(400)))
        try ConfigurationUnderTest.withFile(data, expectNoTrap)
    }

    @Test("a sample with damaged bytes is an error or settings, never a trap", arguments: 1...200)
    func damagedSample(seed: UInt64) throws {
        let random = SeededRandom(seed: seed)
        var bytes = Array(SampleFile.text.utf8)
        for _ in 0...random.below(8) {
            let at = random.below(bytes.count)
            let syntax = Array(":-[]{}&*!|>'\"%@`#,? \n\t\0".utf8)
            switch random.below(3) {
            case 0: bytes[at] = syntax[random.below(syntax.count)]
            case 1: bytes.removeSubrange(at..<min(at + 1 + random.below(40), bytes.count))
            case _: bytes[at] = UInt8(random.below(256))
            }
        }
        try ConfigurationUnderTest.withFile(Data(bytes), expectNoTrap)
    }

    /// Either settings, or a problem that says where it is.
    private func expectNoTrap(path: String) throws {
        do {
            let loaded = try Settings.load(config: path, flags: [:], environment: [:])
            #expect(loaded.rows.count == SettingKeys.all.count)
        } catch {
            #expect(!error.problems.isEmpty)
            #expect(error.problems.allSatisfy { $0.origin.contains(".yaml") })
        }
    }
}
