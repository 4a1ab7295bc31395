import Actors
import Persistence

// Each typed error of the rules, mapped to its public code by an exhaustive switch: a new case does
// not compile until somebody has decided what callers see of it.

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

extension AccountDirectory {
    /// Whose a secret is; nil where nobody can have it.
    func owner(of secret: BearerSecret) throws(APIError) -> AccountActor? {
        do throws(AccountError) {
            return try actor(of: secret.shard)
        } catch {
            throw APIError(error)
        }
    }
}

extension APIError {
    init(_ error: AccountError) {
        switch error {
        case .emailTaken: self.init(ErrorCode.emailTaken, field: "email")
        case .invalidCredentials: self.init(ErrorCode.invalidCredentials)
        case .accountDisabled: self.init(ErrorCode.accountDisabled)
        case .sessionInvalid: self.init(ErrorCode.notSignedIn)
        case .sessionUnknown: self.init(ErrorCode.sessionUnknown)
        case .userUnknown: self.init(ErrorCode.userUnknown)
        case .tempTokenInvalid: self.init(ErrorCode.tempTokenInvalid, field: "temp_token")
        case .tempTokenExhausted: self.init(ErrorCode.tempTokenExhausted, field: "temp_token")
        case .codeInvalid: self.init(ErrorCode.codeInvalid)
        case .tooManyAttempts(let seconds):
            self.init(ErrorCode.tooManyAttempts, retryAfterSeconds: seconds)
        case .twoFactorLocked: self.init(ErrorCode.twoFactorLocked)
        case .twoFactorAlreadyEnabled: self.init(ErrorCode.twoFactorAlreadyEnabled)
        case .twoFactorNotEnabled: self.init(ErrorCode.twoFactorNotEnabled)
        case .setupNotStarted: self.init(ErrorCode.setupNotStarted)
        case .resetTokenInvalid: self.init(ErrorCode.resetTokenInvalid, field: "reset_token")
        case .lastAdmin: self.init(ErrorCode.lastAdmin)
        case .passwordRejected(let reason): self.init(reason, field: "new_password")
        case .registrationClosed: self.init(ErrorCode.registrationClosed)
        case .secretUnreadable:
            self.init(ErrorCode.internalError, detail: "a sealed TOTP secret does not open")
        case .hashing(let reason): self.init(reason)
        case .storage(let reason): self.init(reason)
        case .notReady: self.init(ErrorCode.notReady, retryAfterSeconds: 1)
        }
    }

    init(_ error: ShardCallError) {
        switch error {
        case .notReady: self.init(ErrorCode.notReady, retryAfterSeconds: 1)
        case .storage(let reason): self.init(reason)
        }
    }

    init(_ error: HashingError) {
        switch error {
        case .overloaded(let seconds): self.init(ErrorCode.overloaded, retryAfterSeconds: seconds)
        // Only a caller that has gone away cancels, so nobody reads this one.
        case .cancelled, .shutDown: self.init(ErrorCode.shuttingDown, retryAfterSeconds: 1)
        }
    }

    init(_ reason: PasswordRejection, field: String) {
        switch reason {
        case .tooShort: self.init(ErrorCode.passwordTooShort, field: field)
        case .tooLong: self.init(ErrorCode.passwordTooLong, field: field)
        case .controlCharacter: self.init(ErrorCode.passwordInvalid, field: field)
        case .common: self.init(ErrorCode.passwordCommon, field: field)
        case .sameAsEmail:
            self.init(
                ErrorCode.passwordCommon, field: field,
                message: "The password is the email address, or the part before its @.")
        }
    }

    init(_ error: AppendError) {
        switch error {
        case .full: self.init(ErrorCode.storageFull)
        case .overloaded: self.init(ErrorCode.overloaded, retryAfterSeconds: 1)
        case .fenced: self.init(ErrorCode.shuttingDown, retryAfterSeconds: 1)
        }
    }

    init(_ error: InstallationState.Refusal) {
        switch error {
        case .tokenUnknown: self.init(ErrorCode.tokenUnknown)
        case .limitReached(let limit):
            self.init(
                ErrorCode.limitReached, message: "This account has \(limit) tokens already.")
        case .storage(let reason): self.init(reason)
        }
    }
}
