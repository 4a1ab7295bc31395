/// What owners and admins change about an account.
extension AccountState {
    package func changePhone(
        of id: UserID, to phone: PhoneNumber?, context: CommandContext
    ) -> AccountVerdict<User> {
        guard var user = users[id] else { return .refuse(.userUnknown) }
        guard user.phone != phone?.e164 else { return .accept(user, []) }
        user.phone = phone?.e164
        return .accept(
            user,
            [
                .phoneChanged(id, phone?.e164),
                .activityRecorded(id, context.activity(.phoneChanged)),
            ])
    }

    /// The new password, the end of all other sessions and the session's new token are one record:
    /// a crash leaves all of it or nothing.
    package func changePassword(
        of id: UserID, from oldHash: String, to newHash: String, session digest: TokenDigest,
        grant: SessionGrant, context: CommandContext
    ) -> AccountVerdict<(user: User, session: Session)> {
        guard let user = users[id], user.passwordHash == oldHash else {
            return .refuse(.invalidCredentials)
        }
        guard let session = sessions[digest] else { return .refuse(.sessionInvalid) }
        let rotated = rotate(session, to: grant, context: context)
        return .accept(
            (user, rotated.session),
            [
                .passwordChanged(id, hash: newHash),
                .sessionsEnded(id, user.sessions.filter { $0 != digest }),
                rotated.event,
                .activityRecorded(id, context.activity(.passwordChanged)),
            ])
    }

    package func owner(ofResetToken digest: TokenDigest, at now: Timestamp) throws(AccountError)
        -> User
    {
        guard let user = userByResetToken[digest].flatMap({ users[$0] }), !user.isDisabled,
            let token = user.resetToken, token.digest == digest, now < token.expiresAt
        else { throw .resetTokenInvalid }
        return user
    }

    /// Redeems a reset token. The second factor stays and is asked for at the next login
    /// (ASVS 6.4.3).
    package func resetPassword(
        _ token: TokenDigest, to newHash: String, context: CommandContext
    ) -> AccountVerdict<Void> {
        do throws(AccountError) {
            let user = try owner(ofResetToken: token, at: context.at)
            return .accept(
                (),
                [
                    .passwordChanged(user.id, hash: newHash),
                    .sessionsEnded(user.id, user.sessions),
                    .activityRecorded(user.id, context.activity(.passwordReset)),
                ])
        } catch {
            return .refuse(error)
        }
    }
}

/// What only an admin does; each leaves an entry that the account's owner sees.
extension AccountState {
    package func setRole(
        of id: UserID, to role: Role, isLastAdmin: Bool, context: CommandContext
    ) -> AccountVerdict<User> {
        guard var user = users[id] else { return .refuse(.userUnknown) }
        guard user.role != role else { return .accept(user, []) }
        guard !(isLastAdmin && user.role == .admin) else { return .refuse(.lastAdmin) }
        user.role = role
        let kind: Activity.Kind = role == .admin ? .madeAdmin : .madeMember
        return .accept(
            user, [.roleChanged(id, role), .activityRecorded(id, context.activity(kind))])
    }

    package func setDisabled(
        _ isDisabled: Bool, of id: UserID, isLastAdmin: Bool, context: CommandContext
    ) -> AccountVerdict<User> {
        guard var user = users[id] else { return .refuse(.userUnknown) }
        guard user.isDisabled != isDisabled else { return .accept(user, []) }
        guard !(isDisabled && isLastAdmin && user.role == .admin) else {
            return .refuse(.lastAdmin)
        }
        user.isDisabled = isDisabled
        var events: [AccountEvent] = [.disabledChanged(id, isDisabled)]
        if isDisabled, !user.sessions.isEmpty { events.append(.sessionsEnded(id, user.sessions)) }
        events.append(.activityRecorded(id, context.activity(isDisabled ? .disabled : .enabled)))
        return .accept(user, events)
    }

    package func endAllSessions(
        of id: UserID, context: CommandContext
    ) -> AccountVerdict<User> {
        guard let user = users[id] else { return .refuse(.userUnknown) }
        return .accept(
            user,
            [
                .sessionsEnded(id, user.sessions),
                .activityRecorded(id, context.activity(.sessionsEndedByAdmin)),
            ])
    }

    package func resetSecondFactor(
        of id: UserID, context: CommandContext
    ) -> AccountVerdict<User> {
        guard var user = users[id] else { return .refuse(.userUnknown) }
        guard user.secondFactor != nil else { return .refuse(.twoFactorNotEnabled) }
        user.secondFactor = nil
        return .accept(
            user,
            [
                .secondFactorRemoved(id),
                .activityRecorded(id, context.activity(.twoFactorResetByAdmin)),
            ])
    }

    package func issueResetToken(
        _ secret: BearerSecret, for id: UserID, context: CommandContext, policy: AccountPolicy
    ) -> AccountVerdict<User> {
        guard let user = users[id] else { return .refuse(.userUnknown) }
        guard !user.isDisabled else { return .refuse(.accountDisabled) }
        let token = ResetToken(
            digest: secret.digest,
            expiresAt: context.at.advanced(bySeconds: policy.resetTokenSeconds))
        return .accept(
            user,
            [
                .resetTokenIssued(id, token),
                .activityRecorded(id, context.activity(.passwordResetIssued)),
            ])
    }
}
