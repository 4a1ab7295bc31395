/// Registration, the password step, and the second step.
extension AccountActor {
    /// - Parameter startsSession: false when an operator makes the account for somebody else.
    package func register(
        _ user: User, startsSession: Bool, context: CommandContext
    ) async throws(AccountError) -> (principal: SessionPrincipal, secret: BearerSecret)? {
        let grant = startsSession ? grant(at: context.at) : nil
        let verdict = state.register(user, grant: grant, context: context, policy: policy)
        if case .failure(.emailTaken) = verdict.result, let existing = state.userByEmail[user.email]
        {
            await settled(state.users[existing]?.changedAt ?? 0)
        }
        let session = try await settle(verdict)
        guard let session, let grant, let registered = state.users[user.id] else { return nil }
        return (state.principal(session, of: registered, policy: policy), grant.secret)
    }

    package func isTaken(_ email: EmailAddress) async -> Bool {
        guard let user = state.user(email: email) else { return false }
        await settled(user.changedAt)
        return true
    }

    package func userID(email: EmailAddress) -> UserID? { state.user(email: email)?.id }

    /// The password step. An unknown address costs the same hash as a known one, waits in the same
    /// queue, is slowed by the same rule and answers the same.
    package func signIn(
        _ email: EmailAddress, password: Redacted<[UInt8]>, context: CommandContext
    ) async throws(AccountError) -> SignIn {
        let hash = state.user(email: email)?.passwordHash
        let isRight = try await isRight(password, hash: hash, of: email, context: context)
        let verdict = state.signIn(
            email, hash: hash, isRight: isRight, session: grant(at: context.at),
            temporary: BearerSecret(.temporary, shard: shard, random: random), context: context,
            policy: policy)
        if case .failure(.invalidCredentials) = verdict.result {
            // The entry in the owner's activity must not make this answer slower than the one for
            // an unknown address: it is written, but not waited for.
            _ = try? record(verdict.events)
            throw .invalidCredentials
        }
        let signIn = try await settle(verdict)
        await rehash(password, of: email, from: hash, context: context)
        return signIn
    }

    /// Replaces a hash that another system made, or we with other parameters, now that its password
    /// is known. Nobody waits for the disk: what a crash undoes is done at the next sign-in.
    private func rehash(
        _ password: Redacted<[UInt8]>, of email: EmailAddress, from old: String?,
        context: CommandContext
    ) async {
        guard let old, hasher.needsRehash(old) else { return }
        let hash = try? await hasher.hash(password, source: context.source.bucket)
        // It may have been changed meanwhile.
        guard let hash, let user = state.user(email: email), user.passwordHash == old else {
            return
        }
        _ = try? record([.passwordRehashed(user.id, hash: hash)])
    }

    /// The second step: a code or backup code with the temp_token of the first.
    package func verify(
        _ token: TokenDigest, factor: FactorProof, context: CommandContext
    ) async throws(AccountError) -> (principal: SessionPrincipal, secret: BearerSecret) {
        let grant = grant(at: context.at)
        let session = try await use(factor, of: .tempToken(token), context: context) { user in
            state.completeSignIn(
                of: user.id, tempToken: token, grant: grant, context: context, policy: policy)
        }
        guard let user = state.users[session.user] else { throw .sessionInvalid }
        return (state.principal(session, of: user, policy: policy), grant.secret)
    }

    /// Compares a password under the throttle. The delay is judged before anything is hashed.
    func isRight(
        _ password: Redacted<[UInt8]>, hash: String?, of email: EmailAddress,
        context: CommandContext
    ) async throws(AccountError) -> Bool {
        let source = context.source.bucket
        let isKnown = state.user(email: email)?.knownSources.contains(source) ?? false
        if let seconds = throttle.retryAfterSeconds(
            email, from: source, isKnown: isKnown, at: context.at)
        {
            throw .tooManyAttempts(retryAfterSeconds: seconds)
        }
        let isRight: Bool
        do throws(HashingError) {
            isRight = try await hasher.verify(password, against: hash, source: source)
        } catch {
            throw .hashing(error)
        }
        if isRight {
            throttle.recordSuccess(email, from: source, isKnown: isKnown)
        } else {
            throttle.recordFailure(email, from: source, isKnown: isKnown, at: context.at)
        }
        return isRight
    }
}
