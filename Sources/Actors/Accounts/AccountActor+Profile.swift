/// Passwords, phone, and what admins do.
extension AccountActor {
    package func changePhone(
        of id: UserID, to phone: PhoneNumber?, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await settle(state.changePhone(of: id, to: phone, context: context)).view
    }

    package func changePassword(
        of id: UserID, session digest: TokenDigest, current: Redacted<[UInt8]>,
        new: Redacted<[UInt8]>, context: CommandContext
    ) async throws(AccountError) -> (principal: SessionPrincipal, secret: BearerSecret) {
        let oldHash = try await verifyPassword(current, of: id, context: context)
        let newHash = try await hash(new, context: context)
        let grant = grant(at: context.at)
        let changed = try await settle(
            state.changePassword(
                of: id, from: oldHash, to: newHash, session: digest, grant: grant, context: context)
        )
        forgetThrottle(of: changed.user)
        return (
            state.principal(changed.session, of: changed.user, policy: policy), grant.secret
        )
    }

    package func resetPassword(
        _ token: TokenDigest, to new: (EmailAddress) throws(PasswordRejection) -> Redacted<[UInt8]>,
        context: CommandContext
    ) async throws(AccountError) {
        let user = try state.owner(ofResetToken: token, at: context.at)
        guard let email = try? EmailAddress(user.email) else { throw .userUnknown }
        let password: Redacted<[UInt8]>
        do throws(PasswordRejection) {
            password = try new(email)
        } catch {
            throw .passwordRejected(error)
        }
        let hash = try await hash(password, context: context)
        try await settle(state.resetPassword(token, to: hash, context: context))
        forgetThrottle(of: user)
    }

    package func activity(of id: UserID) async throws(AccountError) -> [Activity] {
        try await user(id).activity.reversed()
    }

    /// The security events under this trace id, of the users at these places in the order of
    /// registration.
    func activities(
        under trace: TraceID, from offset: Int, limit: Int
    ) async -> [(user: UserID, activity: Activity)] {
        let page = state.userOrder.dropFirst(offset).prefix(limit).compactMap { state.users[$0] }
        let found = page.flatMap { user in
            user.activity.filter { $0.trace == trace }.map { (user: user.id, activity: $0) }
        }
        if !found.isEmpty { await settled(page.map(\.changedAt).max() ?? 0) }
        return found
    }

    // MARK: Administration

    package func setRole(
        of id: UserID, to role: Role, isLastAdmin: Bool, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await settle(
            state.setRole(of: id, to: role, isLastAdmin: isLastAdmin, context: context)
        ).view
    }

    package func setDisabled(
        _ isDisabled: Bool, of id: UserID, isLastAdmin: Bool, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await settle(
            state.setDisabled(isDisabled, of: id, isLastAdmin: isLastAdmin, context: context)
        ).view
    }

    package func endAllSessions(
        of id: UserID, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await settle(state.endAllSessions(of: id, context: context)).view
    }

    package func resetSecondFactor(
        of id: UserID, context: CommandContext
    ) async throws(AccountError) -> UserView {
        try await settle(state.resetSecondFactor(of: id, context: context)).view
    }

    package func issueResetToken(
        for id: UserID, context: CommandContext
    ) async throws(AccountError) -> (user: UserView, secret: BearerSecret) {
        let secret = BearerSecret(.passwordReset, shard: shard, random: random)
        let user = try await settle(
            state.issueResetToken(secret, for: id, context: context, policy: policy))
        return (user.view, secret)
    }

    /// Users in order of registration, from `offset` on.
    package func users(from offset: Int, limit: Int) async -> [UserView] {
        let page = state.userOrder.dropFirst(offset).prefix(limit).compactMap { state.users[$0] }
        await settled(page.map(\.changedAt).max() ?? 0)
        return page.map(\.view)
    }

    package var counts: (users: Int, sessions: Int, enabledAdmins: Int) {
        (state.users.count, state.sessions.count, state.enabledAdminCount)
    }

    // MARK: Passwords

    /// Answers the hash that the password was right for.
    @discardableResult
    func verifyPassword(
        _ password: Redacted<[UInt8]>, of id: UserID, context: CommandContext
    ) async throws(AccountError) -> String {
        guard let user = state.users[id], let email = try? EmailAddress(user.email) else {
            throw .userUnknown
        }
        guard
            try await isRight(password, hash: user.passwordHash, of: email, context: context)
        else { throw .invalidCredentials }
        return user.passwordHash
    }

    private func hash(
        _ password: Redacted<[UInt8]>, context: CommandContext
    ) async throws(AccountError) -> String {
        do throws(HashingError) {
            return try await hasher.hash(password, source: context.source.bucket)
        } catch {
            throw .hashing(error)
        }
    }

    private func forgetThrottle(of user: User) {
        if let email = try? EmailAddress(user.email) { throttle.clear(email) }
    }
}
