import Actors

// From the text of a request to the types of the rules, each with its own refusal.

extension String {
    func asEmail(field: String = "email") throws(APIError) -> EmailAddress {
        do throws(EmailRejection) {
            return try EmailAddress(self)
        } catch {
            throw APIError(.emailInvalid, field: field)
        }
    }

    /// A password to compare with. One that could never have been set is just wrong: it costs the
    /// same hash and gets the same answer, so it tells nothing.
    func asPassword() -> Redacted<[UInt8]> {
        (try? PasswordRules.normalise(self))
            ?? Redacted(Array(utf8.prefix(Self.refusedPasswordBytesMax)))
    }

    /// Of a password that is too long only so much is hashed; it is wrong in any case.
    private static var refusedPasswordBytesMax: Int { 512 }

    /// A password to set.
    func asNewPassword(
        for email: EmailAddress, field: String = "password"
    ) throws(APIError) -> Redacted<[UInt8]> {
        do throws(PasswordRejection) {
            return try PasswordRules.checkNew(self, email: email)
        } catch {
            throw APIError(error, field: field)
        }
    }

    func asPhone(field: String = "phone_e164") throws(APIError) -> PhoneNumber {
        guard let phone = PhoneNumber(self) else { throw APIError(.phoneInvalid, field: field) }
        return phone
    }

    func asCode(field: String = "code") throws(APIError) -> Redacted<String> {
        guard TOTP.isWellFormed(self) else { throw APIError(.codeMalformed, field: field) }
        return Redacted(self)
    }
}

extension FactorProof {
    /// Exactly one of the two; a malformed one is refused before it could count as a guess.
    init(code: String?, backupCode: String?) throws(APIError) {
        switch (code, backupCode) {
        case (let code?, nil):
            self = .totp(try code.asCode())
        case (nil, let text?):
            guard let code = BackupCode(text) else {
                throw APIError(.codeMalformed, field: "backup_code")
            }
            self = .backup(code)
        case (nil, nil):
            throw APIError(
                .validationFailed, field: "code",
                message: "A code or a backup_code is needed.")
        case (_?, _?):
            throw APIError(
                .validationFailed, field: "backup_code",
                message: "Send a code or a backup_code, not both.")
        }
    }
}

extension Call {
    /// What sessions and activity entries record of this request.
    var context: CommandContext {
        CommandContext(at: now, trace: trace, source: source, userAgent: userAgent)
    }
}

/// Whether strangers may make accounts.
package enum RegistrationGate: Sendable {
    case open
    case closed
    /// Closed until the first admin exists, so that nobody who finds a fresh server on a network
    /// becomes its admin.
    case afterFirstAdmin

    func isOpen(_ accounts: AccountDirectory) async throws(APIError) -> Bool {
        switch self {
        case .open: return true
        case .closed: return false
        case .afterFirstAdmin:
            let admins = try await accountRule { () throws(AccountError) in
                try await accounts.enabledAdminCount()
            }
            return admins > 0
        }
    }
}
