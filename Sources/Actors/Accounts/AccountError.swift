package import Persistence

/// Why an account command was refused. App maps each to one public error code.
package enum AccountError: Error, Equatable, Sendable {
    case emailTaken
    /// Unknown address or wrong password: the two are never told apart.
    case invalidCredentials
    case accountDisabled
    case sessionInvalid
    case sessionUnknown
    case userUnknown
    case tempTokenInvalid
    case tempTokenExhausted
    case codeInvalid
    case tooManyAttempts(retryAfterSeconds: Int)
    case twoFactorLocked
    case twoFactorAlreadyEnabled
    case twoFactorNotEnabled
    case setupNotStarted
    case resetTokenInvalid
    case passwordRejected(PasswordRejection)
    case registrationClosed
    case lastAdmin
    /// A sealed secret did not open: the data key is not the one it was sealed with.
    case secretUnreadable
    case hashing(HashingError)
    case storage(AppendError)
    /// A shard that had to be asked has no owner at the moment, or its owner says nothing.
    case notReady
}
