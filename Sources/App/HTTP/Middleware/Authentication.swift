package import Actors

/// What the front asks of the accounts: who holds a secret, if anybody.
package protocol Authenticating: Sendable {
    /// - Throws: `notReady` where nobody can say at the moment.
    func session(
        _ secret: BearerSecret, at now: Timestamp
    ) async throws(APIError) -> SessionPrincipal?
    func token(_ secret: BearerSecret, at now: Timestamp) async -> TokenPrincipal?
    /// How old an authentication may be for what asks for step-up.
    var stepUpSeconds: Int64 { get }
}

extension Access {
    /// Whether anybody looks at the caller's credential.
    var readsCredential: Bool {
        switch self {
        case .anyone, .anyoneSameSite: false
        case .session, .optionalSession, .admin, .sessionOrScope, .adminOrScope, .scope,
            .loopbackOrScope:
            true
        }
    }

    /// Finds out who calls. A credential that does not open anything is an error, except where a
    /// caller without one is welcome too.
    func caller(
        _ credential: RequestCredential, by accounts: any Authenticating, at now: Timestamp
    ) async throws(APIError) -> Caller {
        guard readsCredential else { return .anonymous }
        switch credential {
        case .none:
            return .anonymous
        case .malformedCookie:
            // A stale or foreign cookie must not keep anybody from signing in.
            return .anonymous
        case .sessionCookie(let secret):
            return try await accounts.session(secret, at: now).map(Caller.session) ?? .anonymous
        case .malformedBearer:
            throw APIError(.tokenInvalid)
        case .bearer(let secret):
            if let caller = try await holder(of: secret, by: accounts, at: now) { return caller }
            throw APIError(.tokenInvalid)
        }
    }

    private func holder(
        of secret: BearerSecret, by accounts: any Authenticating, at now: Timestamp
    ) async throws(APIError) -> Caller? {
        switch secret.kind {
        case .session: try await accounts.session(secret, at: now).map(Caller.session)
        case .service: await accounts.token(secret, at: now).map(Caller.token)
        case .temporary, .passwordReset: nil
        }
    }

    /// Whether this caller may come in.
    ///
    /// - Parameter isLocal: whether the caller sits on this machine.
    func check(
        _ caller: Caller, isLocal: Bool, stepUpSeconds: Int64, at now: Timestamp
    ) throws(APIError) {
        switch self {
        case .anyone, .anyoneSameSite, .optionalSession:
            return
        case .session(let stepUp):
            let principal = try Access.session(caller)
            if stepUp { try Access.checkAge(principal, stepUpSeconds, at: now) }
        case .admin(let stepUp):
            let principal = try Access.session(caller)
            try Access.checkAdmin(principal)
            if stepUp { try Access.checkAge(principal, stepUpSeconds, at: now) }
        case .sessionOrScope(let scope):
            if case .token(let token) = caller { return try Access.check(token, scope) }
            _ = try Access.session(caller)
        case .adminOrScope(let scope):
            if case .token(let token) = caller { return try Access.check(token, scope) }
            try Access.checkAdmin(try Access.session(caller))
        case .scope(let scope):
            try Access.checkToken(caller, scope)
        case .loopbackOrScope(let scope):
            if !isLocal { try Access.checkToken(caller, scope) }
        }
    }

    private static func session(_ caller: Caller) throws(APIError) -> SessionPrincipal {
        switch caller {
        case .anonymous:
            throw APIError(.notSignedIn)
        case .token:
            throw APIError(
                .forbidden, message: "This needs a person's session; a token may not do it.",
                suggestedFix: "Sign in with POST /api/auth/login and use the session.")
        case .session(let principal):
            // The account may have been disabled after the session was looked up.
            guard !principal.user.isDisabled else { throw APIError(.accountDisabled) }
            return principal
        }
    }

    private static func checkAdmin(_ principal: SessionPrincipal) throws(APIError) {
        guard principal.user.role == .admin else { throw APIError(.forbidden) }
    }

    private static func checkAge(
        _ principal: SessionPrincipal, _ stepUpSeconds: Int64, at now: Timestamp
    ) throws(APIError) {
        let valid = principal.session.authenticatedAt.advanced(bySeconds: stepUpSeconds)
        guard now <= valid else { throw APIError(.stepUpRequired) }
    }

    private static func checkToken(_ caller: Caller, _ scope: TokenScope) throws(APIError) {
        switch caller {
        case .token(let token):
            try check(token, scope)
        case .anonymous:
            throw APIError(
                .notSignedIn, message: "This needs a token with the scope \(scope.text).",
                suggestedFix: "Send `Authorization: Bearer` with such a token.")
        case .session:
            throw APIError(
                .forbidden, message: "This needs a token with the scope \(scope.text).",
                suggestedFix: "Send `Authorization: Bearer` with such a token.")
        }
    }

    private static func check(_ token: TokenPrincipal, _ scope: TokenScope) throws(APIError) {
        guard token.scopes.contains(scope) else {
            throw APIError(
                .scopeMissing, message: "The token lacks the scope \(scope.text).")
        }
    }
}
