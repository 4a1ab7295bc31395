/// Everything about one account that the log makes durable.
package struct User: Sendable, Equatable {
    package var id: UserID
    /// Normalised: what uniqueness is judged by.
    package var email: String
    /// Argon2id as a PHC string.
    package var passwordHash: String
    package var role: Role
    package var phone: String?
    package var isDisabled = false
    package var createdAt: Timestamp
    @Rare package var secondFactor: SecondFactor? = nil
    @Rare package var pendingSetup: PendingSetup? = nil
    /// Failures over all factors and all temp_tokens since the last success.
    package var guesses = AttemptDelay()
    /// TOTP is judged no more until a backup code with the password, or an admin, opens it.
    package var isTOTPLocked = false
    package var tempTokens: [TempToken] = []
    @Rare package var resetToken: ResetToken? = nil
    /// Where this account signed in from lately, newest last.
    package var knownSources: [SourceBucket] = []
    /// Newest last.
    package var activity: [Activity] = []
    /// The digests of its sessions, oldest first.
    package var sessions: [TokenDigest] = []
    /// The ordinal of the last record that changed this account or a session of it: nobody is shown
    /// the account before this is durable.
    package var changedAt: UInt64 = 0

    package init(
        id: UserID, email: String, passwordHash: String, role: Role, phone: String?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.email = email
        self.passwordHash = passwordHash
        self.role = role
        self.phone = phone
        self.createdAt = createdAt
    }

    package var view: UserView {
        UserView(
            id: id, email: email, role: role, phone: phone, isDisabled: isDisabled,
            twoFactorEnrolledAt: secondFactor?.enrolledAt,
            backupCodesRemaining: secondFactor?.backupCodesRemaining ?? 0, createdAt: createdAt)
    }
}

/// A confirmed authenticator and its backup codes.
package struct SecondFactor: Sendable, Equatable {
    /// AES-GCM under the data key, bound to the user and the purpose.
    package var sealedSecret: [UInt8]
    /// The newest time step ever accepted; only later ones are (RFC 6238 §5.2).
    package var lastStep: Int64
    /// Ten slow hashes by index; nil once used.
    package var backupCodeHashes: [String?]
    package var enrolledAt: Timestamp

    package init(
        sealedSecret: [UInt8], lastStep: Int64, backupCodeHashes: [String?], enrolledAt: Timestamp
    ) {
        self.sealedSecret = sealedSecret
        self.lastStep = lastStep
        self.backupCodeHashes = backupCodeHashes
        self.enrolledAt = enrolledAt
    }

    package var backupCodesRemaining: Int { backupCodeHashes.count { $0 != nil } }
}

/// A secret that was shown and waits for the code that proves it arrived.
package struct PendingSetup: Sendable, Equatable {
    package var sealedSecret: [UInt8]
    package var token: TokenDigest
    package var expiresAt: Timestamp
    package var guessesLeft: Int

    package init(sealedSecret: [UInt8], token: TokenDigest, expiresAt: Timestamp, guessesLeft: Int)
    {
        self.sealedSecret = sealedSecret
        self.token = token
        self.expiresAt = expiresAt
        self.guessesLeft = guessesLeft
    }
}

/// The proof of a password that waits for its second factor.
package struct TempToken: Sendable, Equatable {
    package var digest: TokenDigest
    package var expiresAt: Timestamp
    package var guessesLeft: Int

    package init(digest: TokenDigest, expiresAt: Timestamp, guessesLeft: Int) {
        self.digest = digest
        self.expiresAt = expiresAt
        self.guessesLeft = guessesLeft
    }
}

/// A one-time permission, made by an admin, to set a new password.
package struct ResetToken: Sendable, Equatable {
    package var digest: TokenDigest
    package var expiresAt: Timestamp

    package init(digest: TokenDigest, expiresAt: Timestamp) {
        self.digest = digest
        self.expiresAt = expiresAt
    }
}

/// One signed-in browser or script.
package struct Session: Sendable, Equatable {
    package var id: SessionID
    package var digest: TokenDigest
    package var user: UserID
    package var createdAt: Timestamp
    package var authenticatedAt: Timestamp
    package var expiresAt: Timestamp
    package var userAgent: String
    package var address: String

    package init(
        id: SessionID, digest: TokenDigest, user: UserID, createdAt: Timestamp,
        authenticatedAt: Timestamp, expiresAt: Timestamp, userAgent: String, address: String
    ) {
        self.id = id
        self.digest = digest
        self.user = user
        self.createdAt = createdAt
        self.authenticatedAt = authenticatedAt
        self.expiresAt = expiresAt
        self.userAgent = userAgent
        self.address = address
    }
}
