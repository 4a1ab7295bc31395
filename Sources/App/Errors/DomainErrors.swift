import Actors
import Persistence

// Each typed error of the rules, mapped to its public code by an exhaustive switch: a new case does not
// compile until somebody has decided what callers see of it.

/// Runs a rule of the account actors and translates its refusal.
func accountRule<Value>(
    _ body: () async throws(AccountError) -> Value
) async throws(APIError) -> Value {
    do throws(AccountError) {
        return try await body()
    } catch {
        throw APIError(error)
    }
}

extension APIError {
    init(_ error: AccountError) {
        switch error {
        case .emailTaken: self.init(.emailTaken, field: "email")
        case .invalidCredentials: self.init(.invalidCredentials)
        case .accountDisabled: self.init(.accountDisabled)
        case .sessionInvalid: self.init(.notSignedIn)
        case .sessionUnknown: self.init(.sessionUnknown)
        case .userUnknown: self.init(.userUnknown)
        case .tempTokenInvalid: self.init(.tempTokenInvalid, field: "temp_token")
        case .tempTokenExhausted: self.init(.tempTokenExhausted, field: "temp_token")
        case .codeInvalid: self.init(.codeInvalid)
        case .tooManyAttempts(let seconds):
            self.init(.tooManyAttempts, retryAfterSeconds: seconds)
        case .twoFactorLocked: self.init(.twoFactorLocked)
        case .twoFactorAlreadyEnabled: self.init(.twoFactorAlreadyEnabled)
        case .twoFactorNotEnabled: self.init(.twoFactorNotEnabled)
        case .setupNotStarted: self.init(.setupNotStarted)
        case .resetTokenInvalid: self.init(.resetTokenInvalid, field: "reset_token")
        case .lastAdmin: self.init(.lastAdmin)
        case .passwordRejected(let reason): self.init(reason, field: "new_password")
        case .registrationClosed: self.init(.registrationClosed)
        case .secretUnreadable:
            self.init(.internalError, detail: "a sealed TOTP secret does not open")
        case .hashing(let reason): self.init(reason)
        case .storage(let reason): self.init(reason)
        }
    }

    init(_ error: HashingError) {
        switch error {
        case .overloaded(let seconds): self.init(.overloaded, retryAfterSeconds: seconds)
        // Only a caller that has gone away cancels, so nobody reads this one.
        case .cancelled, .shutDown: self.init(.shuttingDown, retryAfterSeconds: 1)
        }
    }

    init(_ reason: PasswordRejection, field: String) {
        switch reason {
        case .tooShort: self.init(.passwordTooShort, field: field)
        case .tooLong: self.init(.passwordTooLong, field: field)
        case .controlCharacter: self.init(.passwordInvalid, field: field)
        case .common: self.init(.passwordCommon, field: field)
        case .sameAsEmail:
            self.init(
                .passwordCommon, field: field,
                message: "The password is the email address, or the part before its @.")
        }
    }

    init(_ error: AppendError) {
        switch error {
        case .full: self.init(.storageFull)
        case .overloaded: self.init(.overloaded, retryAfterSeconds: 1)
        case .fenced: self.init(.shuttingDown, retryAfterSeconds: 1)
        }
    }

    init(_ error: InstallationState.Refusal) {
        switch error {
        case .tokenUnknown: self.init(.tokenUnknown)
        case .limitReached(let limit):
            self.init(
                .limitReached, message: "This account has \(limit) tokens already.")
        case .storage(let reason): self.init(reason)
        }
    }
}
