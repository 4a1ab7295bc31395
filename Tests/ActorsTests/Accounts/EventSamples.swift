import Actors
import Persistence

/// One of every account and installation fact, with fixed content: what the golden file freezes.
enum EventSamples {
    private static let shard = ShardID(3)
    private static let user = UserID(EntityID(shard: shard, high: 0x0190_0000_0000_7001, low: 2))
    private static let digest = TokenDigest(words: (1, 2, 3, 4))
    private static let other = TokenDigest(words: (5, 6, 7, 8))
    private static let at = Timestamp(milliseconds: 1_790_000_000_123)
    private static let trace = TraceID(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10)
    private static let source = (SourceAddress("192.0.2.7") ?? .unknown).bucket
    private static let sourceV6 = (SourceAddress("2001:db8::7") ?? .unknown).bucket

    private static let session = Session(
        id: SessionID(EntityID(shard: shard, high: 0x0190_0000_0000_7002, low: 3)), digest: digest,
        user: user, createdAt: at, authenticatedAt: at, expiresAt: at.advanced(bySeconds: 60),
        userAgent: "curl/8", address: "192.0.2.7")

    private static let activity = Activity(
        kind: .signedIn, at: at, trace: trace, address: "192.0.2.7", userAgent: "curl/8", count: 2)

    private static let factor = SecondFactor(
        sealedSecret: [1, 2, 3], lastStep: 59_666_666, backupCodeHashes: ["a", nil],
        enrolledAt: at)

    private static var fullUser: User {
        var full = User(
            id: user, email: "ada@example.com", passwordHash: "$argon2id$", role: .admin,
            phone: "+14155550100", createdAt: at)
        full.secondFactor = factor
        full.pendingSetup = PendingSetup(
            sealedSecret: [9], token: other, expiresAt: at, guessesLeft: 5)
        full.guesses = AttemptDelay(consecutiveFailures: 3, lastFailureAt: at)
        full.tempTokens = [TempToken(digest: digest, expiresAt: at, guessesLeft: 4)]
        full.resetToken = ResetToken(digest: other, expiresAt: at)
        full.knownSources = [source, sourceV6]
        full.activity = [activity]
        full.changedAt = 77
        return full
    }

    static var accounts: [(name: String, event: AccountEvent)] {
        [
            ("registered", .registered(fullUser)),
            ("session started", .sessionStarted(session)),
            ("session rotated", .sessionRotated(from: other, to: session)),
            ("sessions ended", .sessionsEnded(user, [digest, other])),
            ("password changed", .passwordChanged(user, hash: "$argon2id$")),
            ("phone changed", .phoneChanged(user, "+14155550100")),
            ("phone removed", .phoneChanged(user, nil)),
            ("role changed", .roleChanged(user, .member)),
            ("disabled changed", .disabledChanged(user, true)),
            (
                "setup started",
                .setupStarted(
                    user,
                    PendingSetup(sealedSecret: [9], token: other, expiresAt: at, guessesLeft: 5))
            ),
            ("second factor enabled", .secondFactorEnabled(user, factor)),
            ("second factor removed", .secondFactorRemoved(user)),
            ("backup codes replaced", .backupCodesReplaced(user, hashes: ["a", "b"])),
            (
                "temp token issued",
                .tempTokenIssued(user, TempToken(digest: digest, expiresAt: at, guessesLeft: 5))
            ),
            ("temp token ended", .tempTokenEnded(user, digest)),
            ("guess debited", .guessDebited(user, token: digest, at: at)),
            ("guess refunded", .guessRefunded(user, token: nil)),
            ("totp accepted", .codeAccepted(user, .totp(step: 59_666_666))),
            ("backup code accepted", .codeAccepted(user, .backup(index: 7))),
            ("totp locked", .totpLocked(user)),
            ("totp unlocked", .totpUnlocked(user)),
            (
                "reset token issued",
                .resetTokenIssued(user, ResetToken(digest: digest, expiresAt: at))
            ),
            ("activity recorded", .activityRecorded(user, activity)),
            ("source known", .sourceKnown(user, source)),
            ("secrets resealed", .secretsResealed(user, factor: [1, 2, 3], setup: nil)),
            ("password rehashed", .passwordRehashed(user, hash: "$argon2id$")),
            ("setup resealed", .secretsResealed(user, factor: nil, setup: [4])),
        ]
    }

    static var installation: [(name: String, event: InstallationEvent)] {
        let token = ServiceToken(
            id: ServiceTokenID(EntityID(shard: ShardID(0), high: 0x0190_0000_0000_7003, low: 4)),
            digest: digest, name: "ingest",
            scopes: [.usageWrite, .call(integration: "openai", readOnly: true)],
            createdBy: user, createdAt: at, expiresAt: nil)
        return [
            ("first admin claimed", .firstAdminClaimed(user)),
            ("token minted", .tokenMinted(token)),
            ("token revoked", .tokenRevoked(token.id)),
        ]
    }
}
