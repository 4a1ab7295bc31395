/// The commented file with every setting and its default: `config/countersign.yaml`. It is made
/// from the key table, so that it can't leave anything out.
enum SampleFile {
    static var text: String {
        var text = """
            # Every setting of Countersign with its default. Flags go before environment variables,
            # those before this file. The variable of a setting is COUNTERSIGN_ and its name in
            # upper case, dots as underscores: auth.step_up_seconds is
            # COUNTERSIGN_AUTH_STEP_UP_SECONDS.
            #
            # `countersign check-config --config FILE` shows what is in force, and where from.
            # The key of the installation is no setting: APP_ENC_KEY comes from the environment
            # only.

            """
        var groups: [Substring] = []
        let defaults = Settings()
        for key in SettingKeys.all {
            let parts = key.name.split(separator: ".")
            let common = zip(groups, parts).prefix { $0.0 == $0.1 }.count
            groups = Array(parts.dropLast())
            for depth in common..<max(common, groups.count) {
                if depth == 0 { text += "\n" }
                text += indent(depth) + "\(groups[depth]):\n"
            }
            if groups.isEmpty { text += "\n" }
            let margin = indent(groups.count)
            text += "\(margin)# \(key.summary)\n"
            text += "\(margin)# Allowed: \(key.allowed)\(key.flag.map { "; flag \($0)" } ?? "").\n"
            text += "\(margin)\(parts[parts.count - 1]): \(quoted(key.text(defaults)))\n"
        }
        return text
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static func quoted(_ value: String) -> String { value.isEmpty ? "\"\"" : value }
}
