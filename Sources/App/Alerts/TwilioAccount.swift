import Actors

/// What the environment says about Twilio: who sends, whose signatures are believed, and where
/// Twilio reaches us.
struct TwilioAccount: Sendable {
    static let integration = IntegrationID("twilio")

    /// Nil when an operator's own catalogue has no Twilio.
    let entry: IntegrationEntry?
    let check: CredentialCheck?
    /// The number that messages come from.
    let from: String
    /// Signs Twilio's requests to us.
    let authToken: Redacted<String>
    /// Signs them instead, where the account has been told to use a shared key for webhooks.
    let sharedKey: Redacted<String>?
    /// `https://id.example.com`, without a slash at the end; nil when nobody said it.
    let publicURL: String?

    private static let tokenVariable = "TWILIO_AUTH_TOKEN"
    private static let fromVariable = "TWILIO_FROM_NUMBER"
    private static let sharedKeyVariable = "TWILIO_WEBHOOK_SHARED_KEY"
    static let callbackPath = "/api/webhooks/twilio/status"

    /// - Parameter publicURL: as in the settings; empty means unset.
    init(_ catalog: IntegrationCatalog, environment: [String: String], publicURL: String) {
        let entry = catalog.entries.first { $0.id == Self.integration }
        let check = entry.map { CredentialCheck($0, environment: environment) }
        self.entry = entry
        self.check = check
        func value(_ variable: String) -> String {
            // Under whichever of its names it is set.
            let name = check?.variables.first { $0.variable.name == variable }?.name ?? variable
            return environment[name] ?? ""
        }
        from = value(Self.fromVariable)
        authToken = Redacted(value(Self.tokenVariable))
        let shared = environment[Self.sharedKeyVariable] ?? ""
        sharedKey = shared.isEmpty ? nil : Redacted(shared)
        let trimmed = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
        self.publicURL = trimmed.isEmpty ? nil : trimmed
    }

    var callbackURL: String? { publicURL.map { $0 + Self.callbackPath } }

    var isUsable: Bool { check?.isUsable ?? false }

    /// Why nothing can be sent.
    struct Obstacle: Sendable, Equatable {
        let code: ErrorCode
        let message: String
        let suggestedFix: String
    }

    /// Nil when messages can be sent.
    var obstacle: Obstacle? {
        guard let entry, let check else {
            return Obstacle(
                code: .notConfigured,
                message: "No message can be sent: the catalogue of integrations has no twilio.",
                suggestedFix: "Add the entry twilio of the built-in catalogue to your own.")
        }
        guard !check.isUsable else { return nil }
        let advice = CredentialAdvice(entry, check)
        return Obstacle(
            code: advice.isMissing ? .notConfigured : .envMalformed,
            message: "No message can be sent: \(advice.reason)", suggestedFix: advice.fix)
    }
}
