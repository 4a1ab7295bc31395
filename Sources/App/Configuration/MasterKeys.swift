import Actors

/// `APP_ENC_KEY` and the older keys beside it.
struct MasterKeys: Sendable {
    let current: MasterKey
    /// Tried for data that `current` does not open; the data is wrapped anew with `current` then.
    let previous: [MasterKey]

    static let variable = "APP_ENC_KEY"
    static let previousVariable = "APP_ENC_KEY_PREVIOUS"

    /// - Throws: what is missing or malformed. A key's text is in no message.
    static func load(environment: [String: String]) throws(SettingsError) -> MasterKeys {
        guard let text = environment[variable], !text.isEmpty else {
            throw SettingsError(
                variable, origin: "environment", "It is required and not set.",
                fix: "Make one with `countersign keygen`, keep it safe, and set \(variable) to it. "
                    + "Without it the second factors can't be read.")
        }
        var previous: [MasterKey] = []
        for part in (environment[previousVariable] ?? "").split(separator: ",") {
            previous.append(try key(String(part), previousVariable))
        }
        return MasterKeys(current: try key(text, variable), previous: previous)
    }

    private static func key(_ text: String, _ name: String) throws(SettingsError) -> MasterKey {
        do throws(KeyRejection) {
            return try MasterKey(text: text)
        } catch {
            throw SettingsError(
                name, origin: "environment", "\(error).",
                fix: "`countersign keygen` prints a good one.")
        }
    }
}
