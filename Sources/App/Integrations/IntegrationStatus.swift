import Actors

/// What can honestly be said of an integration: what is configured, what has been used, and why it
/// counts as connected or not.
struct IntegrationStatus: Sendable, Equatable {
    enum Trouble: String, CaseIterable, Sendable {
        case notConfigured = "not_configured"
        case envMalformed = "env_malformed"
        /// Configured, and no fresh evidence that it works. Reports of callers are none: they say
        /// what the caller saw with a key of its own.
        case unproven
        case authFailed = "auth_failed"
        case unreachable
        case providerDown = "provider_down"
        /// Connected; it wants fewer requests.
        case rateLimited = "rate_limited"
        /// Connected; money or plan are used up.
        case quotaExhausted = "quota_exhausted"
    }

    let entry: IntegrationID
    let name: String
    let category: IntegrationEntry.Category
    let isConfigured: Bool
    let isConnected: Bool
    let missingVariables: [String]
    let trouble: Trouble?
    let suggestedFix: String?
    let counts: UsageCounts
    let evidence: ConnectionEvidence.Claim?

    /// - Parameter fix: what to do about an event's error code.
    init(
        _ entry: IntegrationEntry, _ check: CredentialCheck, _ counts: UsageCounts,
        _ evidence: ConnectionEvidence, fix: (String) -> String?, at now: Timestamp
    ) {
        self.entry = entry.id
        name = entry.name
        category = entry.category
        self.counts = counts
        missingVariables = check.missing.map(\.variable.name)
        isConfigured = check.isUsable
        guard isConfigured else {
            let advice = CredentialAdvice(entry, check)
            isConnected = false
            trouble = advice.isMissing ? .notConfigured : .envMalformed
            suggestedFix = advice.fix
            self.evidence = nil
            return
        }
        isConnected = evidence.isConnected(at: now)
        self.evidence = evidence.claim
        let trouble = Self.trouble(evidence, at: now)
        self.trouble = trouble
        let lastFix = evidence.lastErrorCode.flatMap(fix)
        suggestedFix =
            switch trouble {
            case .unproven:
                "Make a call with it: no answer of \(entry.name) has been seen within a day, so "
                    + "nobody knows whether its credentials work."
            case nil: lastFix
            case let trouble?: fix(trouble.rawValue) ?? lastFix
            }
    }

    private static func trouble(_ evidence: ConnectionEvidence, at now: Timestamp) -> Trouble? {
        guard evidence.isFresh(at: now) else { return .unproven }
        switch (evidence.standing, evidence.limit) {
        case (.unproven, _): return .unproven
        case (.authFailed, _): return .authFailed
        case (.unreachable, _): return .unreachable
        case (.providerDown, _): return .providerDown
        case (.works, .none): return nil
        case (.works, .rateLimited): return .rateLimited
        case (.works, .quotaExhausted): return .quotaExhausted
        }
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        writeMembers(to: &json)
        json.endObject()
    }

    /// The members, for an object that has others too.
    func writeMembers(to json: inout JSONWriter) {
        json.member("id", entry.text)
        json.member("name", name)
        json.member("category", category.rawValue)
        json.member("configured", isConfigured)
        json.member("connected", isConnected)
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
        if let evidence { Self.write(evidence, to: &json) } else { json.null() }
    }

    private static func write(_ claim: ConnectionEvidence.Claim, to json: inout JSONWriter) {
        json.beginObject()
        json.member("kind", claim.kind.text)
        json.member("at", claim.at)
        json.member("trace_id", claim.trace)
        json.member("http_status", claim.httpStatus)
        json.member(
            "expires_at", claim.at.advanced(bySeconds: ConnectionEvidence.validSeconds))
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
                .init(
                    "evidence",
                    .nullable(
                        .object([
                            .init(
                                "kind",
                                .enumeration(ConnectionEvidence.Kind.allCases.map(\.text))),
                            .init("at", .string(format: "date-time")),
                            .init("trace_id", .string()),
                            .init("http_status", .nullable(.integer)),
                            .init("expires_at", .string(format: "date-time")),
                        ]))),
            ]))
    }
}

extension ConnectionEvidence.Kind {
    var text: String {
        switch self {
        case .traffic: "traffic"
        case .probe: "probe"
        case .callback: "callback"
        }
    }
}
