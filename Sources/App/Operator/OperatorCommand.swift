/// What an operator can ask for, beside a running server through its control socket, or alone.
enum OperatorCommand: Codable, Sendable, Equatable {
    case listUsers
    case addUser(email: String)
    case setRole(email: String, isAdmin: Bool)
    case setDisabled(email: String, isDisabled: Bool)
    case endSessions(email: String)
    case resetSecondFactor(email: String)
    case resetPassword(email: String)
    case listTokens
    /// `owner` nil stands for the oldest enabled admin.
    case mintToken(name: String, scopes: [String], expiresInDays: Int?, owner: String?)
    case revokeToken(id: String)
    /// Where the log ends now and what is needed to read it beside the server, as a `LogExtent`.
    case logExtent(takesSnapshot: Bool)
    /// Accounts of another system; each has its outcome in the answer.
    case importUsers([ImportedUser], isDryRun: Bool)
    /// One step of a rotation of the data keys; asked again and again, so that its caller can show
    /// how far it is.
    case rotateKeys(KeyRotation.Step)
    /// Give all shards of a cluster to the other servers, and be no choice for any.
    case handOver
    /// Be a choice again.
    case comeBack
}

/// The answer: the same content for people and for programs.
struct OperatorReply: Codable, Sendable, Equatable {
    /// False when a rule stood against it.
    let isDone: Bool
    /// One JSON object.
    let json: String
    /// Lines for people.
    let text: String
}
