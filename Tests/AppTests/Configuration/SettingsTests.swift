import Foundation
import Testing

@testable import App

@Suite("The settings")
struct SettingsTests {
    private func load(
        yaml: String? = nil, _ environment: [String: String] = [:], _ flags: [String: String] = [:]
    ) throws -> LoadedSettings {
        var path: String?
        if let yaml {
            let file = FileManager.default.temporaryDirectory
                .appending(path: "countersign-\(UUID().uuidString).yaml")
            try Data(yaml.utf8).write(to: file)
            path = file.path
        }
        defer { if let path { try? FileManager.default.removeItem(atPath: path) } }
        return try Settings.load(config: path, flags: flags, environment: environment)
    }

    private func problems(
        yaml: String? = nil, _ environment: [String: String] = [:], _ flags: [String: String] = [:]
    ) -> [SettingsError.Problem] {
        do {
            _ = try load(yaml: yaml, environment, flags)
            return []
        } catch let error as SettingsError {
            return error.problems
        } catch {
            Issue.record(error)
            return []
        }
    }

    private static var sample: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "config/countersign.yaml")
    }

    @Test("the sample file is complete, and loading it changes nothing")
    func sampleFile() throws {
        if ProcessInfo.processInfo.environment["COUNTERSIGN_RECORD_GOLDEN"] != nil {
            try Data(SampleFile.text.utf8).write(to: Self.sample)
        }
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        #expect(text == SampleFile.text)
        let fromSample = try load(yaml: text).rows
        let standard = try load().rows
        #expect(fromSample.map(\.text) == standard.map(\.text))
        #expect(fromSample.allSatisfy { $0.origin.contains(".yaml:") })
        #expect(standard.allSatisfy { $0.origin == "default" })
    }

    @Test("each layer goes over the one before it, and says so")
    func precedence() throws {
        func port(_ loaded: LoadedSettings) -> [String] {
            loaded.rows.filter { $0.key.name == "port" }.flatMap { [$0.text, $0.origin] }
        }
        let yaml = "port: 1001\n"
        let environment = ["COUNTERSIGN_PORT": "1002"]
        #expect(port(try load(yaml: yaml))[0] == "1001")
        #expect(
            port(try load(yaml: yaml, environment)) == ["1002", "environment COUNTERSIGN_PORT"])
        #expect(
            port(try load(yaml: yaml, environment, ["--port": "1003"])) == ["1003", "flag --port"])
    }

    @Test(
        "what is not allowed is named with its place and the way out",
        arguments: [
            ("prot: 1\n", "prot", "port"),
            ("auth:\n  step_up_second: 5\n", "auth.step_up_second", "auth.step_up_seconds"),
            ("port: many\n", "port", "65535"),
            ("port: 65536\n", "port", "65535"),
            ("port: 1\nport: 2\n", "", ""),
            ("registration: sometimes\n", "registration", "closed"),
            ("log:\n  access: 7\n", "log.access", "true or false"),
            ("rate_limits:\n  sign_in:\n    quota: 0\n", "rate_limits.sign_in.quota", "unlimited"),
            ("trusted_proxies: [10.0.0.0/8, everybody]\n", "trusted_proxies", "10.0.0.0/8"),
            ("port: [1\n", "config", ""),
            ("just text\n", "config", ""),
            ("auth:\n  totp_window_steps: 2\n", "auth.totp_window_steps", "from 0 to 1"),
        ] as [(String, String, String)])
    func mistakes(yaml: String, name: String, hint: String) throws {
        let found = problems(yaml: yaml)
        let first = try #require(found.first)
        #expect(name.isEmpty || first.name == name)
        #expect(hint.isEmpty || first.fix.contains(hint))
        #expect(first.origin.contains(".yaml"))
    }

    @Test("all problems of all layers are reported together")
    func together() {
        let found = problems(
            yaml: "port: many\n", ["COUNTERSIGN_NONSENSE": "1"], ["--log-level": "loud"])
        #expect(Set(found.map(\.name)) == ["port", "COUNTERSIGN_NONSENSE", "log.level"])
    }

    @Test(
        "a public address needs TLS, or a proxy that ends it",
        arguments: [
            ("127.0.0.1", [:], true), ("::1", [:], true), ("localhost", [:], true),
            ("0.0.0.0", [:], false), ("192.0.2.1", [:], false), ("127.evil.example", [:], false),
            ("0.0.0.0", ["COUNTERSIGN_BEHIND_TLS_PROXY": "true"], true),
            (
                "0.0.0.0",
                ["COUNTERSIGN_TLS_CERTIFICATE": "c.pem", "COUNTERSIGN_TLS_KEY": "k.pem"], true
            ),
        ] as [(String, [String: String], Bool)])
    func publicAddress(host: String, environment: [String: String], isAllowed: Bool) {
        #expect(problems(environment, ["--host": host]).isEmpty == isAllowed)
    }

    @Test("half of a certificate is no certificate")
    func certificate() {
        #expect(problems(["COUNTERSIGN_TLS_KEY": "k.pem"]).map(\.name) == ["tls.certificate"])
    }

    @Test("a provider's origin is an origin, and its variable is not unknown")
    func baseURLs() throws {
        let name = "COUNTERSIGN_ALPACA_DATA_BASE_URL"
        #expect(try load([name: "http://127.0.0.1:9"]).settings.baseURLs[name] != nil)
        #expect(problems([name: "https://api.example.com/v1"]).map(\.name) == [name])
    }

    @Test("arbitrary bytes as a file are an error or nothing, never a trap")
    func anything() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "port", ":", " ", "\n", "-", "[", "{", "&a", "*a", "\"", "1", "!!", "\t", "é",
        ]
        for _ in 0..<300 {
            let yaml = (0..<12).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            _ = problems(yaml: yaml)
        }
    }

    @Test("the key is required, checked, and never repeated")
    func keys() throws {
        #expect(throws: SettingsError.self) { try MasterKeys.load(environment: [:]) }
        let bad = "not-a-key-but-a-secret"
        let error = #expect(throws: SettingsError.self) {
            try MasterKeys.load(environment: [MasterKeys.variable: bad])
        }
        #expect(error?.description.contains(bad) == false)
        let good = String(repeating: "0f", count: 31) + "10"
        let keys = try MasterKeys.load(
            environment: [
                MasterKeys.variable: good, MasterKeys.previousVariable: "\(good),\(good)",
            ])
        #expect(keys.previous.count == 2)
    }
}
