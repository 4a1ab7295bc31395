import Foundation
import NATS
import Testing

@testable import App

@Suite("Settings of a cluster")
struct ClusterSettingsTests {
    private static let right = [
        "COUNTERSIGN_CLUSTER_SERVERS": "nats-1.internal:4222,[::1]:4223",
        "COUNTERSIGN_CLUSTER_ADVERTISE": "http://10.0.0.1:8080",
    ]

    private func problems(_ more: [String: String]) throws -> [SettingsError.Problem] {
        try ConfigurationUnderTest.problems(
            environment: Self.right.merging(more) { $1 })
    }

    @Test("there is none unless servers of NATS are given")
    func off() throws {
        #expect(try !ConfigurationUnderTest.load().settings.cluster.isOn)
        let settings = try ConfigurationUnderTest.load(environment: Self.right).settings
        #expect(settings.cluster.isOn)
        #expect(settings.cluster.addresses.map(\.port) == [4222, 4223])
        #expect(try problems([:]).isEmpty)
    }

    @Test(
        "what does not go together is named",
        arguments: [
            ("ADVERTISE", "", "cluster.advertise"),
            ("ADVERTISE", "https://10.0.0.1:8080", "cluster.advertise"),
            ("NAME", "", "cluster.name"),
            ("USER", "ada", "cluster.password_file"),
            ("PASSWORD_FILE", "/secret", "cluster.password_file"),
            ("SERVERS", "nats://ada:s3cret@nats-1:4222", "cluster.servers"),
        ])
    func together(name: String, value: String, setting: String) throws {
        let problems = try problems(["COUNTERSIGN_CLUSTER_\(name)": value])
        #expect(problems.map(\.name) == [setting])
        #expect(!SettingsError(problems).description.contains("s3cret"))
    }

    @Test("two ways to sign in at NATS, and a port that nobody knows, are refused")
    func more() throws {
        let two = try problems([
            "COUNTERSIGN_CLUSTER_NKEY_SEED_FILE": "/a",
            "COUNTERSIGN_CLUSTER_CREDENTIALS_FILE": "/b",
        ])
        #expect(two.map(\.name) == ["cluster.user"])
        #expect(try problems(["COUNTERSIGN_PORT": "0"]).map(\.name) == ["port"])
    }

    @Test("a file with a secret is read; what is wrong with it is said without it")
    func files() throws {
        var settings = ClusterSettings()
        settings.user = "ada"
        try ConfigurationUnderTest.withFile(Data("s3cret\n".utf8)) { path in
            settings.passwordFile = path
            guard case .user("ada", "s3cret") = try settings.credentials() else {
                Issue.record("not the user and the password of the file")
                return
            }
            settings.seedFile = path
            let error = #expect(throws: SettingsError.self) { try settings.credentials() }
            #expect(error?.problems.first?.name == "cluster.nkey_seed_file")
            #expect(error?.description.contains("s3cret") == false)
        }
        settings.seedFile = "/nowhere/at/all"
        #expect(throws: SettingsError.self) { try settings.credentials() }
    }

    @Test(
        "where another server is",
        arguments: [
            ("http://10.0.0.1:8080", "10.0.0.1", 8080, false),
            ("https://id-1.internal", "id-1.internal", 443, true),
            ("http://[2001:db8::1]:81/", "2001:db8::1", 81, false),
            ("http://[2001:db8::1]", "2001:db8::1", 80, false),
        ])
    func addresses(url: String, host: String, port: Int, isTLS: Bool) throws {
        let address = try #require(PeerAddress(url))
        #expect(address.host == host && address.port == port && address.isTLS == isTLS)
    }

    @Test("what is no address of a server", arguments: ["", "10.0.0.1:80", "http://a:99999", "x"])
    func noAddresses(url: String) { #expect(PeerAddress(url) == nil) }
}
