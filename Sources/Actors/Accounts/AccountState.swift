/// The accounts of one shard: users, their sessions, second factors and temp_tokens.
///
/// `apply` is total and reads no clock: the state is exactly what the log says. The rules that
/// decide which events may happen are in the `AccountState+….swift` files, one theme each.
package struct AccountState: Sendable, Equatable {
    package private(set) var users = BucketedDictionary<UserID, User>()
    package private(set) var sessions = BucketedDictionary<TokenDigest, Session>()
    package private(set) var userByEmail = BucketedDictionary<String, UserID>()
    package private(set) var userByTempToken = BucketedDictionary<TokenDigest, UserID>()
    package private(set) var userByResetToken = BucketedDictionary<TokenDigest, UserID>()
    /// In order of registration: what listing pages through.
    package private(set) var userOrder: [UserID] = []
    /// Admins that are not disabled: the last one can't be taken away.
    package private(set) var enabledAdminCount = 0
    /// The ordinal of the last record that ended a session, so that nobody is told "signed out" of
    /// an ending that a crash could still undo.
    package private(set) var sessionsEndedAt: UInt64 = 0
    /// The ordinal of the last record applied.
    package private(set) var appliedRecord: UInt64 = 0
    private var texts = TextPool()

    package init() {}

    package mutating func apply(_ event: AccountEvent, record: UInt64) {
        appliedRecord = record
        switch event {
        case .registered(let user):
            insert(user, record: record)
        case .sessionStarted(let session):
            insert(session)
            touch(session.user, record)
        case .sessionRotated(let old, let session):
            remove(session: old, of: session.user)
            insert(session)
            sessionsEndedAt = record
            touch(session.user, record)
        case .sessionsEnded(let user, let digests):
            for digest in digests { remove(session: digest, of: user) }
            sessionsEndedAt = record
            touch(user, record)
        case .passwordChanged(let user, let hash):
            change(user, record) { user in
                user.passwordHash = hash
                user.guesses = AttemptDelay()
            }
            endTempTokens(of: user)
            endResetToken(of: user)
        case .phoneChanged(let user, let phone):
            change(user, record) { $0.phone = phone }
        case .roleChanged(let user, let role):
            changeCountingAdmins(user, record) { $0.role = role }
        case .disabledChanged(let user, let isDisabled):
            changeCountingAdmins(user, record) { $0.isDisabled = isDisabled }
            if isDisabled {
                endTempTokens(of: user)
                endResetToken(of: user)
            }
        case .setupStarted(let user, let setup):
            endSetup(of: user)
            change(user, record) { $0.pendingSetup = setup }
            userByTempToken[setup.token] = user
        case .secondFactorEnabled(let user, let factor):
            endSetup(of: user)
            change(user, record) { user in
                user.secondFactor = factor
                user.guesses = AttemptDelay()
                user.isTOTPLocked = false
            }
        case .secondFactorRemoved(let user):
            endTempTokens(of: user)
            change(user, record) { user in
                user.secondFactor = nil
                user.guesses = AttemptDelay()
                user.isTOTPLocked = false
            }
        case .backupCodesReplaced(let user, let hashes):
            change(user, record) { $0.secondFactor?.backupCodeHashes = hashes.map { $0 } }
        case .tempTokenIssued(let user, let token):
            change(user, record) { $0.tempTokens.append(token) }
            userByTempToken[token.digest] = user
        case .tempTokenEnded(let user, let digest):
            change(user, record) { $0.tempTokens.removeAll { $0.digest == digest } }
            userByTempToken[digest] = nil
        case .guessDebited(let user, let token, let at):
            change(user, record) { user in
                user.guesses.recordFailure(at: at)
                user.addGuesses(-1, to: token)
            }
        case .guessRefunded(let user, let token):
            change(user, record) { user in
                user.guesses.refund()
                user.addGuesses(1, to: token)
            }
        case .codeAccepted(let user, let used):
            change(user, record) { user in
                user.guesses = AttemptDelay()
                switch used {
                case .totp(let step): user.secondFactor?.lastStep = step
                case .backup(let index): user.useBackupCode(index)
                }
            }
        case .totpLocked(let user):
            change(user, record) { $0.isTOTPLocked = true }
        case .totpUnlocked(let user):
            change(user, record) { user in
                user.isTOTPLocked = false
                user.guesses = AttemptDelay()
            }
        case .resetTokenIssued(let user, let token):
            endResetToken(of: user)
            change(user, record) { $0.resetToken = token }
            userByResetToken[token.digest] = user
        case .activityRecorded(let user, let activity):
            var activity = activity
            texts.share(&activity.userAgent)
            texts.share(&activity.address)
            change(user, record) { $0.record(activity) }
        case .passwordRehashed(let user, let hash):
            change(user, record) { $0.passwordHash = hash }
        case .secretsResealed(let user, let factor, let setup):
            change(user, record) { user in
                if let factor { user.secondFactor?.sealedSecret = factor }
                if let setup { user.pendingSetup?.sealedSecret = setup }
            }
        case .sourceKnown(let user, let source):
            change(user, record) { user in
                user.knownSources.removeAll { $0 == source }
                user.knownSources.append(source)
                if user.knownSources.count > AccountPolicy.knownSourcesMax {
                    user.knownSources.removeFirst()
                }
            }
        }
    }

    private mutating func change(_ user: UserID, _ record: UInt64, _ body: (inout User) -> Void) {
        users.update(user) { user in
            body(&user)
            user.changedAt = record
        }
    }

    private mutating func changeCountingAdmins(
        _ user: UserID, _ record: UInt64, _ body: (inout User) -> Void
    ) {
        let before = users[user]?.isEnabledAdmin ?? false
        change(user, record, body)
        let after = users[user]?.isEnabledAdmin ?? false
        enabledAdminCount += (after ? 1 : 0) - (before ? 1 : 0)
    }

    private mutating func touch(_ user: UserID, _ record: UInt64) {
        users.update(user) { $0.changedAt = record }
    }

    private mutating func insert(_ session: Session) {
        var session = session
        texts.share(&session.userAgent)
        texts.share(&session.address)
        sessions[session.digest] = session
        users.update(session.user) { $0.sessions.append(session.digest) }
    }

    private mutating func remove(session digest: TokenDigest, of user: UserID) {
        sessions[digest] = nil
        users.update(user) { $0.sessions.removeAll { $0 == digest } }
    }

    private mutating func endTempTokens(of id: UserID) {
        for token in users[id]?.tempTokens ?? [] { userByTempToken[token.digest] = nil }
        users.update(id) { $0.tempTokens = [] }
    }

    private mutating func endSetup(of id: UserID) {
        if let setup = users[id]?.pendingSetup { userByTempToken[setup.token] = nil }
        users.update(id) { $0.pendingSetup = nil }
    }

    private mutating func endResetToken(of id: UserID) {
        if let token = users[id]?.resetToken { userByResetToken[token.digest] = nil }
        users.update(id) { $0.resetToken = nil }
    }
}

extension AccountState {
    private mutating func insert(_ user: User, record: UInt64) {
        var user = user
        user.changedAt = record
        index(user)
        userOrder.append(user.id)
    }

    private mutating func index(_ user: User) {
        users[user.id] = user
        userByEmail[user.email] = user.id
        if user.isEnabledAdmin { enabledAdminCount += 1 }
        for token in user.tempTokens { userByTempToken[token.digest] = user.id }
        if let setup = user.pendingSetup { userByTempToken[setup.token] = user.id }
        if let token = user.resetToken { userByResetToken[token.digest] = user.id }
    }

    // What a snapshot restores, in the order that it was written in.

    package mutating func restore(_ user: User) {
        var user = user
        for place in user.activity.indices {
            texts.share(&user.activity[place].userAgent)
            texts.share(&user.activity[place].address)
        }
        index(user)
        userOrder.append(user.id)
    }

    package mutating func restore(_ session: Session) { insert(session) }

    package mutating func restore(appliedRecord: UInt64, sessionsEndedAt: UInt64) {
        self.appliedRecord = appliedRecord
        self.sessionsEndedAt = sessionsEndedAt
    }
}

extension User {
    fileprivate var isEnabledAdmin: Bool { role == .admin && !isDisabled }

    fileprivate mutating func addGuesses(_ count: Int, to token: TokenDigest?) {
        guard let token else { return }
        if let index = tempTokens.firstIndex(where: { $0.digest == token }) {
            tempTokens[index].guessesLeft = max(0, tempTokens[index].guessesLeft + count)
        } else if let left = pendingSetup?.guessesLeft, pendingSetup?.token == token {
            pendingSetup?.guessesLeft = max(0, left + count)
        }
    }

    fileprivate mutating func useBackupCode(_ index: Int) {
        guard let hashes = secondFactor?.backupCodeHashes, hashes.indices.contains(index) else {
            return
        }
        secondFactor?.backupCodeHashes[index] = nil
    }

    fileprivate mutating func record(_ entry: Activity) {
        if let last = activity.last, last.absorbs(entry) {
            var merged = entry
            merged.count += last.count
            activity[activity.count - 1] = merged
        } else {
            activity.append(entry)
            if activity.count > AccountPolicy.activityEntriesMax { activity.removeFirst() }
        }
    }
}
