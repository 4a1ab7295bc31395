/// What a caller offers as second factor.
package enum FactorProof: Sendable {
    case totp(Redacted<String>)
    case backup(BackupCode)
}

/// What setup shows, once.
package struct SetupOffer: Sendable {
    package let secret: Redacted<[UInt8]>
    package let account: String
    package let token: BearerSecret
    package let expiresInSeconds: Int64
}

/// Turning the second factor on and off, and every use of it.
extension AccountActor {
    package func startSetup(
        for id: UserID, context: CommandContext
    ) async throws(AccountError) -> SetupOffer {
        let email = try await user(id).email
        let secret = random.bytes(AccountPolicy.totpSecretBytes)
        let sealed = keyring.seal(secret, for: id, purpose: .totpSecret, random: random)
        let token = BearerSecret(.temporary, shard: shard, random: random)
        try await settle(
            state.startSetup(
                for: id, sealedSecret: sealed, token: token, context: context, policy: policy))
        return SetupOffer(
            secret: Redacted(secret), account: email, token: token,
            expiresInSeconds: policy.setupSeconds)
    }

    /// Turns the second factor on. Answers the backup codes, and with a session its new token.
    package func confirmSetup(
        _ code: Redacted<String>, of holder: FactorHolder, session: TokenDigest?,
        context: CommandContext
    ) async throws(AccountError) -> (
        user: UserView, codes: [BackupCode], renewed: (SessionPrincipal, BearerSecret)?
    ) {
        let (user, setup) = try state.pendingSetup(of: holder, at: context.at)
        let secret = try open(setup.sealedSecret, of: user.id)
        guard !codesBeingMade.contains(user.id) else { throw .codeInvalid }
        let step = try await settle(
            state.judgeConfirmation(
                code.value, of: holder, secret: secret, context: context, policy: policy))
        let (codes, hashes) = try await makeBackupCodes(for: user.id, context: context)
        let grant = grant(at: context.at)
        let enabled = try await settle(
            state.enable(
                setup, of: user.id, step: step, backupCodeHashes: hashes,
                session: session.map { ($0, grant) }, context: context))
        let renewed = enabled.session.map {
            (state.principal($0, of: enabled.user, policy: policy), grant.secret)
        }
        return (enabled.user.view, codes, renewed)
    }

    package func disableSecondFactor(
        of id: UserID, factor: FactorProof, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await use(factor, of: .session(id), context: context) { user in
            state.disable(user.id, context: context)
        }
        return try await user(id).view
    }

    /// New backup codes; the old ones are dead. The code is judged before the new ones are hashed
    /// and claimed after, so that an overloaded hasher costs the caller nothing.
    package func replaceBackupCodes(
        of id: UserID, code: Redacted<String>, context: CommandContext
    ) async throws(AccountError) -> [BackupCode] {
        guard !codesBeingMade.contains(id) else { throw .codeInvalid }
        let secret = try openSecret(of: .session(id), at: context.at)
        let judged = state.useTOTP(
            code.value, of: .session(id), secret: secret, context: context, policy: policy)
        if case .failure = judged.result { _ = try await settle(judged) }
        let (codes, hashes) = try await makeBackupCodes(for: id, context: context)
        try await settle(
            state.useTOTP(
                code.value, of: .session(id), secret: secret, context: context, policy: policy
            ).then { user in
                state.replaceBackupCodes(of: user.id, hashes: hashes, context: context)
            })
        return codes
    }

    /// Proves password and factor again: the session's token changes and sensitive calls are open.
    package func stepUp(
        _ digest: TokenDigest, of id: UserID, password: Redacted<[UInt8]>, factor: FactorProof?,
        context: CommandContext
    ) async throws(AccountError) -> (principal: SessionPrincipal, secret: BearerSecret) {
        try await verifyPassword(password, of: id, context: context)
        let grant = grant(at: context.at)
        let session: Session
        if state.users[id]?.secondFactor == nil {
            session = try await settle(state.stepUp(digest, grant: grant, context: context))
        } else {
            guard let factor else { throw .codeInvalid }
            session = try await use(factor, of: .session(id), context: context) { _ in
                state.stepUp(digest, grant: grant, context: context)
            }
        }
        return (state.principal(session, of: try await user(id), policy: policy), grant.secret)
    }

    // MARK: Using a factor

    /// Judges a factor and does what it permits, in one batch.
    @discardableResult
    func use<Value>(
        _ factor: FactorProof, of holder: FactorHolder, context: CommandContext,
        then permitted: (User) -> AccountVerdict<Value>
    ) async throws(AccountError) -> Value {
        switch factor {
        case .totp(let code):
            let secret = try openSecret(of: holder, at: context.at)
            return try await settle(
                state.useTOTP(
                    code.value, of: holder, secret: secret, context: context, policy: policy
                ).then(permitted))
        case .backup(let code):
            return try await useBackupCode(code, of: holder, context: context, then: permitted)
        }
    }

    /// The guess is debited before the code is hashed: a burst cannot exceed the budget, whatever
    /// the order in which the hashes finish.
    private func useBackupCode<Value>(
        _ code: BackupCode, of holder: FactorHolder, context: CommandContext,
        then permitted: (User) -> AccountVerdict<Value>
    ) async throws(AccountError) -> Value {
        let id = try state.holder(holder, at: context.at).id
        let debit = state.debitForBackupCode(code, of: id, token: holder.token, context: context)
        try record(debit.events)
        let hash = try debit.result.get()
        let isRight: Bool
        do throws(HashingError) {
            isRight = try await hasher.verify(
                code.canonicalBytes, against: hash, source: context.source.bucket)
        } catch {
            _ = try? record([.guessRefunded(id, token: holder.token)])
            throw .hashing(error)
        }
        return try await settle(
            state.claimBackupCode(code, hash: hash, isRight: isRight, of: id, context: context)
                .then(permitted))
    }

    private func openSecret(
        of holder: FactorHolder, at now: Timestamp
    ) throws(AccountError) -> [UInt8] {
        let user = try state.holder(holder, at: now)
        guard let factor = user.secondFactor else { throw .twoFactorNotEnabled }
        return try open(factor.sealedSecret, of: user.id)
    }

    private func open(_ sealed: [UInt8], of id: UserID) throws(AccountError) -> [UInt8] {
        do throws(SealError) {
            return try keyring.open(sealed, for: id, purpose: .totpSecret).value
        } catch {
            throw .secretUnreadable
        }
    }

    private func makeBackupCodes(
        for id: UserID, context: CommandContext
    ) async throws(AccountError) -> (codes: [BackupCode], hashes: [String]) {
        codesBeingMade.insert(id)
        defer { codesBeingMade.remove(id) }
        let codes = BackupCode.generate(random: random)
        var hashes: [String] = []
        do throws(HashingError) {
            for code in codes {
                hashes.append(
                    try await hasher.hash(code.canonicalBytes, source: context.source.bucket))
            }
        } catch {
            throw .hashing(error)
        }
        return (codes, hashes)
    }
}
