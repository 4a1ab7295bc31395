/// The settings in force, and where each value came from.
struct LoadedSettings: Sendable {
    struct Row: Sendable {
        let key: SettingKey
        let text: String
        let origin: String
    }

    let settings: Settings
    let rows: [Row]
}

extension Settings {
    /// Puts the layers over each other: defaults, file, environment, flags.
    ///
    /// - Parameters:
    ///   - config: the YAML file; `COUNTERSIGN_CONFIG` names it where there is no flag.
    ///   - flags: values by flag, `--port`.
    /// - Throws: all that is wrong, together.
    static func load(
        config: String?, flags: [String: String], environment: [String: String]
    ) throws(SettingsError) -> LoadedSettings {
        var loader = SettingsLoader()
        if let path = config ?? environment[SettingsLoader.configVariable] {
            loader.read(file: path)
        }
        loader.read(environment: environment)
        loader.read(flags: flags)
        loader.checkTogether()
        guard loader.problems.isEmpty else { throw SettingsError(loader.problems) }
        return loader.loaded
    }
}

/// Collects values layer by layer, and all problems on the way.
struct SettingsLoader {
    private(set) var settings = Settings()
    private(set) var problems: [SettingsError.Problem] = []
    private var origins: [String: String] = [:]

    static let configVariable = "COUNTERSIGN_CONFIG"
    private static let prefix = "COUNTERSIGN_"
    private static let baseURLSuffix = "_BASE_URL"

    var loaded: LoadedSettings {
        LoadedSettings(
            settings: settings,
            rows: SettingKeys.all.map { key in
                LoadedSettings.Row(
                    key: key, text: key.text(settings), origin: origins[key.name] ?? "default")
            })
    }

    mutating func report(_ name: String, _ origin: String, _ message: String, fix: String) {
        problems.append(
            SettingsError.Problem(name: name, origin: origin, message: message, fix: fix))
    }

    mutating func set(_ key: SettingKey, to text: String, origin: String) {
        origins[key.name] = origin
        guard !key.set(&settings, text) else { return }
        // An address may have been given with a password in it.
        let shown = text.contains("@") ? "The value" : "\"\(text.prefix(80))\""
        report(
            key.name, origin, "\(shown) is not allowed.",
            fix: "Use \(key.allowed). The default is \(key.defaultText).")
    }

    // MARK: Layers

    mutating func read(file path: String) {
        let entries: [YAMLSettings.Entry]
        do throws(SettingsError) {
            entries = try YAMLSettings.read(path)
        } catch {
            problems += error.problems
            return
        }
        let keys = Dictionary(uniqueKeysWithValues: SettingKeys.all.map { ($0.name, $0) })
        for entry in entries {
            if let key = keys[entry.name] {
                set(key, to: entry.text, origin: entry.origin)
            } else {
                report(
                    entry.name, entry.origin, "There is no such setting.",
                    fix: SettingsLoader.suggestion(entry.name, among: keys.keys))
            }
        }
    }

    mutating func read(environment: [String: String]) {
        let keys = Dictionary(
            uniqueKeysWithValues: SettingKeys.all.map { ($0.environmentName, $0) })
        let ours = environment.filter { $0.key.hasPrefix(Self.prefix) }
        for (name, text) in ours.sorted(by: { $0.key < $1.key }) where name != Self.configVariable {
            let origin = "environment \(name)"
            if let key = keys[name] {
                set(key, to: text, origin: origin)
            } else if name.hasSuffix(Self.baseURLSuffix) {
                guard URLText.isOrigin(text) else {
                    report(
                        // Not repeated: a URL may have a password in it.
                        name, origin, "The value is no origin.",
                        fix: "Use a URL such as https://api.example.com, without a path.")
                    continue
                }
                settings.baseURLs[name] = text
            } else {
                report(
                    name, origin, "There is no such setting.",
                    fix: SettingsLoader.suggestion(name, among: keys.keys))
            }
        }
    }

    mutating func read(flags: [String: String]) {
        for key in SettingKeys.all {
            guard let flag = key.flag, let text = flags[flag] else { continue }
            set(key, to: text, origin: "flag \(flag)")
        }
    }

    private static func suggestion(_ name: String, among known: some Sequence<String>) -> String {
        let nearest = known.min { distance($0, name) < distance($1, name) } ?? ""
        return distance(nearest, name) <= maximumTypos
            ? "Did you mean \(nearest)?"
            : "`countersign check-config` lists all settings."
    }

    private static let maximumTypos = 3

    /// Levenshtein's edit distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(cost, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }

    // MARK: Rules between settings

    func origin(_ name: String) -> String { origins[name] ?? "default" }

    mutating func checkTogether() {
        checkCluster()
        if settings.tlsCertificate.isEmpty != settings.tlsKey.isEmpty {
            report(
                "tls.certificate", origin("tls.certificate"),
                "tls.certificate and tls.key belong together; only one is set.",
                fix: "Set both (--tls-cert, --tls-key), or none.")
        }
        let isPublic = !Loopback.contains(settings.host)
        if isPublic, settings.tlsCertificate.isEmpty, !settings.behindTLSProxy {
            report(
                "host", origin("host"),
                "\(settings.host) can be reached from other machines, and passwords and codes "
                    + "would cross the network in the clear.",
                fix: "Set --tls-cert and --tls-key, or behind_tls_proxy: true when a trusted proxy "
                    + "in front ends TLS, or listen on 127.0.0.1.")
        }
    }
}

extension SettingKey {
    var defaultText: String {
        let text = text(Settings())
        return text.isEmpty ? "unset" : text
    }
}

/// Names and addresses of this machine that no other machine can reach.
enum Loopback {
    static func contains(_ host: String) -> Bool {
        host == "localhost" || host == "::1"
            || host.wholeMatch(of: /127\.\d{1,3}\.\d{1,3}\.\d{1,3}/) != nil
    }
}
