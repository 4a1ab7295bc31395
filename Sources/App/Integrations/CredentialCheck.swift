/// What the environment has to say about an integration's credentials, without ever repeating a
/// value.
///
/// Only what can be known from the shape is judged: an Account SID and a telephone number have one;
/// keys of providers change theirs, so of a key only white space and obvious placeholders are
/// wrong.
struct CredentialCheck: Sendable, Equatable {
    enum Finding: Sendable, Equatable {
        case present
        case missing
        /// Why the value can't be right.
        case malformed(reason: String)
    }

    struct Checked: Sendable, Equatable {
        let variable: CredentialVariable
        /// The name under which it is set; the first one when it is not.
        let name: String
        let finding: Finding
    }

    let variables: [Checked]

    init(_ entry: IntegrationEntry, environment: [String: String]) {
        variables = entry.variables.map { variable in
            // An empty variable is what a template leaves behind: it is not set.
            let name = variable.names.first { environment[$0]?.isEmpty == false }
            guard let name, let value = environment[name] else {
                return Checked(variable: variable, name: variable.name, finding: .missing)
            }
            return Checked(
                variable: variable, name: name,
                finding: Self.fault(of: value, as: variable.kind).map { .malformed(reason: $0) }
                    ?? .present)
        }
    }

    var missing: [Checked] { variables.filter { $0.finding == .missing } }

    var malformed: [(checked: Checked, reason: String)] {
        variables.compactMap { checked in
            guard case .malformed(let reason) = checked.finding else { return nil }
            return (checked, reason)
        }
    }

    private static func fault(of value: String, as kind: CredentialVariable.Kind) -> String? {
        if value.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.value < 32 }) {
            return "it has white space or control characters in it"
        }
        if isPlaceholder(value) { return "it is a placeholder and no real value" }
        switch kind {
        case .opaque:
            return nil
        case .accountSID:
            return value.wholeMatch(of: /AC[0-9a-fA-F]{32}/) == nil
                ? "an Account SID is AC and 32 hexadecimal digits" : nil
        case .e164:
            return value.wholeMatch(of: /\+[1-9][0-9]{6,14}/) == nil
                ? "a number is written as in E.164: + and 7 to 15 digits, no blanks or dashes" : nil
        }
    }

    /// What documentation and templates put where a key belongs.
    private static func isPlaceholder(_ value: String) -> Bool {
        let text = value.lowercased()
        let letters = Set(text)
        if letters.count == 1, letters.isSubset(of: ["x", "*", ".", "-", "_", "0"]) { return true }
        if text.hasPrefix("<") && text.hasSuffix(">") || text.contains("...") { return true }
        return placeholders.contains(text.replacing("-", with: "_"))
            || text.wholeMatch(of: /your[-_].*/) != nil
            || text.wholeMatch(of: /.*[-_]x{4,}/) != nil
    }

    private static let placeholders: Set<String> = [
        "changeme", "change_me", "replaceme", "replace_me", "placeholder", "secret", "password",
        "none", "null", "undefined", "example", "test_key", "api_key", "apikey", "token", "key",
    ]
}
