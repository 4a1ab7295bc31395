import Actors

/// One record in words: whom it is about and what it says, without anything secret.
struct RecordStory {
    /// The account, where it is about one.
    let user: UserID?
    let detail: String

    init(_ record: DecodedRecord) {
        switch record {
        case .account(let event): self.init(event)
        case .installation(let event): self.init(event)
        case .usage(let record): self.init(record)
        case .alerts(let event): self.init(event)
        case .ignorable: self.init(nil, "of a newer version")
        }
    }

    private init(_ user: UserID?, _ detail: String) {
        self.user = user
        self.detail = detail
    }

    private init(_ event: AccountEvent) {
        switch event {
        case .registered(let user):
            self.init(user.id, "\(user.email), \(user.role.rawValue)")
        case .sessionStarted(let session), .sessionRotated(_, let session):
            self.init(session.user, "\(session.id) from \(session.address)")
        case .sessionsEnded(let user, let digests):
            self.init(user, "\(digests.count)")
        case .passwordChanged(let user, _):
            self.init(user, "ends temp tokens and reset token, clears the delay")
        case .phoneChanged(let user, let phone):
            self.init(user, phone == nil ? "removed" : "set")
        case .roleChanged(let user, let role):
            self.init(user, role.rawValue)
        case .disabledChanged(let user, let isDisabled):
            self.init(user, isDisabled ? "disabled" : "enabled")
        case .setupStarted(let user, let setup):
            self.init(user, "until \(setup.expiresAt.rfc3339)")
        case .secondFactorEnabled(let user, let factor):
            self.init(user, "\(factor.backupCodesRemaining) backup codes")
        case .secondFactorRemoved(let user), .totpLocked(let user), .totpUnlocked(let user):
            self.init(user, "")
        case .backupCodesReplaced(let user, let hashes):
            self.init(user, "\(hashes.count)")
        case .tempTokenIssued(let user, let token):
            self.init(
                user, "\(token.guessesLeft) guesses, until \(token.expiresAt.rfc3339)")
        case .tempTokenEnded(let user, _):
            self.init(user, "")
        case .guessDebited(let user, let token, let at):
            self.init(
                user,
                "a wrong code or one being judged, at \(at.rfc3339), "
                    + (token == nil ? "in a session" : "with a temp token"))
        case .guessRefunded(let user, _):
            self.init(user, "it was never judged")
        case .codeAccepted(let user, .totp):
            self.init(user, "TOTP")
        case .codeAccepted(let user, .backup(let index)):
            self.init(user, "backup code \(index + 1)")
        case .resetTokenIssued(let user, let token):
            self.init(user, "until \(token.expiresAt.rfc3339)")
        case .activityRecorded(let user, let entry):
            self.init(user, "\(entry.kind.text) from \(entry.address), trace \(entry.trace)")
        case .sourceKnown(let user, _):
            self.init(user, "signed in from there before")
        case .passwordRehashed(let user, _):
            self.init(user, "at a sign-in")
        case .secretsResealed(let user, _, _):
            self.init(user, "under a newer data key")
        }
    }

    private init(_ event: InstallationEvent) {
        switch event {
        case .firstAdminClaimed(let user): self.init(user, "")
        case .tokenMinted(let token):
            let scopes = token.scopes.map(\.text).joined(separator: ",")
            self.init(token.createdBy, "\(token.id) \"\(token.name)\" \(scopes)")
        case .tokenRevoked(let id): self.init(nil, "\(id)")
        }
    }

    private init(_ record: UsageRecord) {
        switch record {
        case .event(let facts, _, _), .attempt(let facts):
            self.init(
                nil,
                "\(facts.integration) \(facts.operation): \(facts.status.text), "
                    + "\(facts.source.text), trace \(facts.trace)")
        case .outcome(let row, let ending):
            self.init(nil, "\(UsageEvent.id(ofRow: row)): \(ending.status.text)")
        case .credentialsChanged(let integration, _):
            self.init(nil, "\(integration)")
        case .callback(let integration, _, let trace):
            self.init(nil, "\(integration), trace \(trace)")
        }
    }

    private init(_ event: AlertsEvent) {
        switch event {
        case .attempted(let attempt):
            switch attempt.purpose {
            case .test(let user): self.init(user, "a test, trace \(attempt.trace)")
            case .alert: self.init(nil, "an alert, trace \(attempt.trace)")
            }
        case .answered(let number, let answer):
            self.init(nil, "attempt \(number): \(answer.status.text)")
        case .reported(let report):
            self.init(nil, "\(report.providerMessageID): \(report.status.text)")
        }
    }
}
