import Foundation
import NATS

/// How several servers share the log. Off while there is no server of NATS.
struct ClusterSettings: Sendable {
    /// Servers of NATS, checked: `nats-1.internal:4222`.
    var servers: [String] = []
    /// What all servers of one installation call it: a server that is pointed at the NATS of
    /// another installation notices.
    var name = "countersign"
    /// Where the other servers reach this one.
    var advertise = ""
    /// The lowest takes over first.
    var ordinal = 0
    var replicas = 3
    /// How often all copies of the log are looked at; 0 is never.
    var scrubSeconds = 86_400
    var user = ""
    var passwordFile = ""
    var seedFile = ""
    var credentialsFile = ""
    /// PEM file; without one the connection to NATS has no TLS.
    var authoritiesFile = ""
    /// PEM file with roots for the other servers' certificates; empty is the system's.
    var peerAuthoritiesFile = ""

    var isOn: Bool { !servers.isEmpty }

    var addresses: [ServerAddress] { servers.compactMap { ServerAddress($0) } }

    /// - Throws: `SettingsError` that names the setting and the file, never what is in it.
    func credentials() throws(SettingsError) -> Credentials {
        if !credentialsFile.isEmpty {
            return try parsed("cluster.credentials_file", credentialsFile) {
                text throws(CredentialsError) in try .file(text)
            }
        }
        if !seedFile.isEmpty {
            return try parsed("cluster.nkey_seed_file", seedFile) {
                text throws(CredentialsError) in .key(try NKey(seed: Self.trimmed(text)))
            }
        }
        guard !user.isEmpty else { return .none }
        let password = Self.trimmed(try text("cluster.password_file", passwordFile))
        return .user(name: user, password: password)
    }

    private func parsed(
        _ setting: String, _ path: String,
        _ parse: (String) throws(CredentialsError) -> Credentials
    ) throws(SettingsError) -> Credentials {
        let text = try text(setting, path)
        do throws(CredentialsError) {
            return try parse(text)
        } catch {
            throw SettingsError(
                setting, origin: path, "\(error).", fix: "Get a new file from NATS' operator.")
        }
    }

    private func text(_ setting: String, _ path: String) throws(SettingsError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(
                setting, origin: path, "The file can't be read.",
                fix: "Check the path and the permissions.")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension SettingKeys {
    static let cluster: [SettingKey] = [
        .list(
            "cluster.servers", \.cluster.servers,
            "Servers of NATS that keep the log of several servers; none is a log of our own.",
            allowed: "hosts such as nats-1.internal:4222, without a password, separated by commas",
            parse: { ServerAddress($0) == nil ? nil : $0 }, print: { $0 }),
        .text(
            "cluster.name", \.cluster.name, "What all servers of the installation call it.",
            allowed: "1 to 64 letters, digits, dots and dashes",
            isAllowed: { $0.wholeMatch(of: /[A-Za-z0-9.-]{1,64}/) != nil }),
        .text(
            "cluster.advertise", \.cluster.advertise, "Where the other servers reach this one.",
            allowed: "a URL such as https://id-1.internal:8443, without a path",
            isAllowed: URLText.isOrigin),
        .integer(
            "cluster.ordinal", \.cluster.ordinal, 0...31,
            "Each server has its own; the lowest takes over first."),
        .integer(
            "cluster.replicas", \.cluster.replicas, 1...5,
            "Copies that NATS keeps of each stream; fewer than 3 is for tests."),
        .integer(
            "cluster.scrub_seconds", \.cluster.scrubSeconds, 0...2_678_400,
            "How often each shard's copies in NATS are read and checked; 0 is never."),
        .text("cluster.user", \.cluster.user, "The user that NATS knows us as."),
        .text(
            "cluster.password_file", \.cluster.passwordFile, "File with that user's password."),
        .text(
            "cluster.nkey_seed_file", \.cluster.seedFile,
            "File with the seed of an nkey, instead of a user and a password."),
        .text(
            "cluster.credentials_file", \.cluster.credentialsFile,
            "Credentials file of NATS, instead of a user and a password."),
        .text(
            "cluster.ca_file", \.cluster.authoritiesFile,
            "PEM file that NATS' certificates are checked against; without it there is no TLS."),
        .text(
            "cluster.peer_ca_file", \.cluster.peerAuthoritiesFile,
            "PEM file with roots that the other servers' certificates may have."),
    ]
}

extension SettingsLoader {
    mutating func checkCluster() {
        let cluster = settings.cluster
        guard cluster.isOn else { return }
        checkAdvertise(cluster)
        if cluster.name.isEmpty {
            report(
                "cluster.name", origin("cluster.name"), "It is empty.",
                fix: "Give the installation a name, the same on all of its servers.")
        }
        let kinds = [cluster.user, cluster.seedFile, cluster.credentialsFile]
        if kinds.count(where: { !$0.isEmpty }) > 1 {
            report(
                "cluster.user", origin("cluster.user"),
                "More than one of cluster.user, cluster.nkey_seed_file and "
                    + "cluster.credentials_file is set.",
                fix: "Keep the one that NATS expects.")
        }
        if cluster.user.isEmpty != cluster.passwordFile.isEmpty {
            report(
                "cluster.password_file", origin("cluster.password_file"),
                "cluster.user and cluster.password_file belong together; only one is set.",
                fix: "Set both, or none.")
        }
        if settings.port == 0 {
            report(
                "port", origin("port"), "The other servers could not find a port that is picked.",
                fix: "Set the port that cluster.advertise leads to.")
        }
    }

    private mutating func checkAdvertise(_ cluster: ClusterSettings) {
        guard PeerAddress(cluster.advertise) != nil else {
            return report(
                "cluster.advertise", origin("cluster.advertise"),
                "cluster.servers is set, and the other servers could not reach this one.",
                fix: "Set a URL such as https://id-1.internal:8443 that leads to this server.")
        }
        let isTLS = cluster.advertise.hasPrefix("https://")
        if isTLS != !settings.tlsCertificate.isEmpty {
            report(
                "cluster.advertise", origin("cluster.advertise"),
                isTLS
                    ? "It says https, and this server has no certificate."
                    : "It says http, and this server speaks TLS.",
                fix: "Let it lead to this very server, past proxies, as host and port say.")
        }
    }
}
