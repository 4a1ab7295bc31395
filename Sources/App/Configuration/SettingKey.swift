/// One row of the key table: a setting's name, what it may be, and where it goes.
struct SettingKey: Sendable {
    /// Dotted, as in the YAML file: `auth.step_up_seconds`.
    let name: String
    /// The flag of `serve`, for the few that have one.
    let flag: String?
    let summary: String
    /// What a value may be, for error messages: `a whole number from 0 to 65535`.
    let allowed: String
    /// The value as text, as the file would have it.
    let text: @Sendable (Settings) -> String
    /// False when the text is not allowed; the settings are unchanged then.
    let set: @Sendable (inout Settings, String) -> Bool

    /// `COUNTERSIGN_` and the name in upper case, dots as underscores.
    var environmentName: String {
        "COUNTERSIGN_" + name.uppercased().replacing(".", with: "_")
    }
}

extension SettingKey {
    typealias Place<Value> = WritableKeyPath<Settings, Value> & Sendable

    static func integer<Value: FixedWidthInteger & Sendable>(
        _ name: String, _ place: any Place<Value>, _ range: ClosedRange<Value>, flag: String? = nil,
        _ summary: String
    ) -> SettingKey {
        SettingKey(
            name: name, flag: flag, summary: summary,
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            text: { String($0[keyPath: place]) },
            set: { settings, text in
                guard let value = Value(text), range.contains(value) else { return false }
                settings[keyPath: place] = value
                return true
            })
    }

    static func flag(
        _ name: String, _ place: any Place<Bool>, flag: String? = nil, _ summary: String
    ) -> SettingKey {
        SettingKey(
            name: name, flag: flag, summary: summary, allowed: "true or false",
            text: { String($0[keyPath: place]) },
            set: { settings, text in
                guard let value = Bool(text) else { return false }
                settings[keyPath: place] = value
                return true
            })
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ place: any Place<Value>, flag: String? = nil, _ summary: String
    ) -> SettingKey {
        SettingKey(
            name: name, flag: flag, summary: summary,
            allowed: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            text: { $0[keyPath: place].rawValue },
            set: { settings, text in
                guard let value = Value(rawValue: text) else { return false }
                settings[keyPath: place] = value
                return true
            })
    }

    /// - Parameter isAllowed: the empty text always is; it means unset.
    static func text(
        _ name: String, _ place: any Place<String>, flag: String? = nil, _ summary: String,
        allowed: String = "any text",
        isAllowed: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> SettingKey {
        SettingKey(
            name: name, flag: flag, summary: summary, allowed: allowed,
            text: { $0[keyPath: place] },
            set: { settings, text in
                guard text.isEmpty || isAllowed(text) else { return false }
                settings[keyPath: place] = text
                return true
            })
    }

    /// Elements separated by commas; in the file a list.
    static func list<Value: Sendable>(
        _ name: String, _ place: any Place<[Value]>, _ summary: String, allowed: String,
        parse: @escaping @Sendable (String) -> Value?, print: @escaping @Sendable (Value) -> String
    ) -> SettingKey {
        SettingKey(
            name: name, flag: nil, summary: summary, allowed: allowed,
            text: { $0[keyPath: place].map(print).joined(separator: ",") },
            set: { settings, text in
                var values: [Value] = []
                for part in text.split(separator: ",") {
                    guard let value = parse(String(part.trimmingPrefix(" "))) else { return false }
                    values.append(value)
                }
                settings[keyPath: place] = values
                return true
            })
    }
}
