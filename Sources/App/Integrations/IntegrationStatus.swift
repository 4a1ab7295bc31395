import Actors

/// What can honestly be said of an integration: what is configured, what has been used, and why it
/// counts as connected or not.
struct IntegrationStatus: Sendable, Equatable {
    enum Trouble: String, CaseIterable, Sendable {
        case notConfigured = "not_configured"
        case envMalformed = "env_malformed"
        /// Configured, and no evidence that it works. Reports of callers are none: they say what
        /// the caller saw with a key of its own.
        case unproven
    }

    let entry: IntegrationID
    let name: String
    let category: IntegrationEntry.Category
    let isConfigured: Bool
    let missingVariables: [String]
    let trouble: Trouble?
    let suggestedFix: String?
    let counts: UsageCounts

    init(_ entry: IntegrationEntry, _ check: CredentialCheck, _ counts: UsageCounts) {
        self.entry = entry.id
        name = entry.name
        category = entry.category
        self.counts = counts
        missingVariables = check.missing.map(\.variable.name)
        isConfigured = check.missing.isEmpty && check.malformed.isEmpty
        if !check.missing.isEmpty {
            trouble = .notConfigured
            suggestedFix = Self.fix(missing: check.missing, entry)
        } else if !check.malformed.isEmpty {
            trouble = .envMalformed
            suggestedFix =
                check.malformed.map { "\($0.checked.name): \($0.reason)." }
                .joined(separator: " ") + " Correct it and start the server again."
        } else {
            trouble = .unproven
            suggestedFix =
                "Make a call with it: no answer of \(entry.name) has been seen, so nobody "
                + "knows whether its credentials work."
        }
    }

    private static func fix(
        missing: [CredentialCheck.Checked], _ entry: IntegrationEntry
    ) -> String {
        let list = missing.map { checked in
            let names = checked.variable.names.joined(separator: " or ")
            return "\(names) to \(checked.variable.about)"
        }.joined(separator: ", ")
        return "Set \(list) (from \(entry.keyURL)) in the server's environment and start it again."
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", entry.text)
        json.member("name", name)
        json.member("category", category.rawValue)
        json.member("configured", isConfigured)
        // A connection is a claim with evidence, and only calls that we make ourselves are
        // evidence.
        json.member("connected", false)
        json.member("last_used_at", counts.lastUsedAt)
        json.member("proof_of_use_count_24h", counts.ok)
        json.member("failures_24h", counts.failures)
        json.member("reported_count_24h", counts.reported)
        json.key("missing_env_vars")
        json.beginArray()
        for variable in missingVariables { json.value(variable) }
        json.endArray()
        json.member("error_code", trouble?.rawValue)
        json.member("suggested_fix", suggestedFix)
        json.key("evidence")
        json.null()
        json.endObject()
    }

    static var schema: Schema {
        .named(
            "IntegrationStatus",
            .object([
                .init("id", .string(example: "openai")),
                .init("name", .string()),
                .init(
                    "category", .enumeration(IntegrationEntry.Category.allCases.map(\.rawValue))),
                .init("configured", .boolean, note: "Every variable is there and well-formed."),
                .init("connected", .boolean, note: "There is fresh evidence that it works."),
                .init("last_used_at", .nullable(.string(format: "date-time"))),
                .init(
                    "proof_of_use_count_24h", .integer, note: "Events with status ok; no probes."),
                .init("failures_24h", .integer),
                .init("reported_count_24h", .integer, note: "Of both, what callers reported."),
                .init("missing_env_vars", .array(.string())),
                .init(
                    "error_code", .nullable(.enumeration(Trouble.allCases.map(\.rawValue)))),
                .init("suggested_fix", .nullable(.string())),
                .init("evidence", .nullable(.any)),
            ]))
    }
}
