/// Every way in which a request can fail, by the name that callers see in `error_code`. A name,
/// once released, never changes its meaning or its status; what each one says is in
/// `ErrorCatalog.swift`.
package enum ErrorCode: String, CaseIterable, Sendable {
    // What arrived could not be read.
    case invalidRequest = "invalid_request"
    case malformedJSON = "malformed_json"
    case headerMissing = "header_missing"
    case headerInvalid = "header_invalid"
    case requestTimeout = "request_timeout"
    case bodyTooLarge = "body_too_large"
    case uriTooLong = "uri_too_long"
    case headersTooLarge = "headers_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case expectationFailed = "expectation_failed"

    // Who is calling.
    case notSignedIn = "not_signed_in"
    case invalidCredentials = "invalid_credentials"
    case codeInvalid = "code_invalid"
    case tempTokenInvalid = "temp_token_invalid"
    case tempTokenExhausted = "temp_token_exhausted"
    case tokenInvalid = "token_invalid"
    case resetTokenInvalid = "reset_token_invalid"

    // What the caller may do.
    case forbidden
    case scopeMissing = "scope_missing"
    case stepUpRequired = "step_up_required"
    case crossSite = "cross_site"
    case accountDisabled = "account_disabled"
    case registrationClosed = "registration_closed"
    case twoFactorLocked = "two_factor_locked"

    // What is not there.
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case integrationUnknown = "integration_unknown"
    case userUnknown = "user_unknown"
    case sessionUnknown = "session_unknown"
    case tokenUnknown = "token_unknown"
    case traceUnknown = "trace_unknown"

    // What stands against it now.
    case emailTaken = "email_taken"
    case twoFactorAlreadyEnabled = "two_factor_already_enabled"
    case twoFactorNotEnabled = "two_factor_not_enabled"
    case setupNotStarted = "setup_not_started"
    case idempotencyConflict = "idempotency_conflict"
    case eventConflict = "event_conflict"
    case limitReached = "limit_reached"
    case lastAdmin = "last_admin"

    // What is in it.
    case validationFailed = "validation_failed"
    case emailInvalid = "email_invalid"
    case passwordTooShort = "password_too_short"
    case passwordTooLong = "password_too_long"
    case passwordCommon = "password_common"
    case passwordInvalid = "password_invalid"
    case phoneInvalid = "phone_invalid"
    case codeMalformed = "code_malformed"
    case cursorInvalid = "cursor_invalid"
    case scopeUnknown = "scope_unknown"
    case eventTooOld = "event_too_old"
    case eventInFuture = "event_in_future"

    // What a call to a provider met.
    case pathNotAllowed = "path_not_allowed"
    case notConfigured = "not_configured"
    case envMalformed = "env_malformed"
    case ambiguous
    case optedOut = "opted_out"
    case badRecipient = "bad_recipient"
    case badSender = "bad_sender"
    case signatureInvalid = "signature_invalid"
    case providerRejected = "provider_rejected"
    case authFailed = "auth_failed"
    case geoPermission = "geo_permission"
    case trialUnverified = "trial_unverified"
    case senderUnregistered = "a2p_unregistered"
    case queueFull = "queue_full"
    case redirectBlocked = "redirect_blocked"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamInvalid = "upstream_invalid"
    case upstreamTimeout = "upstream_timeout"

    // How much is too much.
    case rateLimited = "rate_limited"
    case tooManyAttempts = "too_many_attempts"

    // What went wrong on our side.
    case internalError = "internal_error"
    case overloaded
    case shuttingDown = "shutting_down"
    case notReady = "not_ready"
    case storageFull = "storage_full"
}

/// What the catalogue knows of a code.
package struct ErrorDefinition: Sendable, Equatable {
    /// The HTTP status, 400…599; one code has one status everywhere.
    package let status: Int
    /// What happened, as a sentence for the caller. Nothing internal is in it.
    package let message: String
    /// What the caller can do about it.
    package let suggestedFix: String

    init(_ status: Int, _ message: String, fix suggestedFix: String) {
        self.status = status
        self.message = message
        self.suggestedFix = suggestedFix
    }
}
