import Actors
import Persistence
import TestSupport

/// The people of one shard: registers, signs in and changes accounts at random. Most commands are
/// sensible, some are wrong on purpose.
struct AccountCaller {
    private let shard: ShardID
    private let random: SeededRandom
    private let policy: AccountPolicy
    /// What their phones hold.
    private var secrets: [UserID: [UInt8]] = [:]
    private var tempTokens: [TokenDigest] = []
    private var resetTokens: [TokenDigest] = []

    private static let accounts = 3

    init(_ shard: ShardID, _ random: SeededRandom) {
        self.shard = shard
        self.random = random
        var policy = AccountPolicy()
        policy.sessionsPerAccountMax = 3
        policy.tempTokensPerAccountMax = 2
        self.policy = policy
    }

    /// One command, as the facts that the rules make of it.
    mutating func command(on state: AccountState, at now: Timestamp) -> [AccountEvent] {
        let address = "user\(random.below(Self.accounts))@example.com"
        guard let email = try? EmailAddress(address) else { return [] }
        let context = CommandContext(
            at: now, trace: TraceID(random: random),
            source: SourceAddress("192.0.2.\(random.below(4))") ?? .unknown,
            userAgent: "simulation")
        guard let user = state.user(email: email) else {
            return register(email, on: state, context)
        }
        switch random.below(12) {
        case ..<3: return signIn(user, email, on: state, context)
        case 3: return startSetup(user, on: state, context)
        case 4: return confirm(user, on: state, context)
        case 5: return verify(on: state, context)
        case 6...8: return change(user, on: state, context)
        case 9: return administer(user, on: state, context)
        case 10:
            let secret = BearerSecret(.passwordReset, shard: shard, random: random)
            resetTokens.append(secret.digest)
            return state.issueResetToken(
                secret, for: user.id, context: context, policy: policy
            ).events
        default:
            guard !resetTokens.isEmpty else { return [] }
            let token = resetTokens[random.below(resetTokens.count)]
            return state.resetPassword(token, to: "hash-9", context: context).events
        }
    }

    private func grant(_ context: CommandContext) -> SessionGrant {
        SessionGrant(shard: shard, at: context.at, random: random)
    }

    private func register(
        _ email: EmailAddress, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        let user = User(
            id: UserID(shard: shard, at: context.at, random: random), email: email.normalised,
            passwordHash: "hash-0", role: random.below(2) == 0 ? .admin : .member, phone: nil,
            createdAt: context.at)
        let grant = random.below(2) == 0 ? grant(context) : nil
        return state.register(user, grant: grant, context: context, policy: policy).events
    }

    private mutating func signIn(
        _ user: User, _ email: EmailAddress, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        let temporary = BearerSecret(.temporary, shard: shard, random: random)
        let verdict = state.signIn(
            email, hash: user.passwordHash, isRight: random.below(4) > 0, session: grant(context),
            temporary: temporary, context: context, policy: policy)
        if case .success(.secondFactorNeeded) = verdict.result {
            tempTokens.append(temporary.digest)
        }
        return verdict.events
    }

    private mutating func startSetup(
        _ user: User, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        let secret = random.bytes(AccountPolicy.totpSecretBytes)
        let verdict = state.startSetup(
            for: user.id, sealedSecret: secret,
            token: BearerSecret(.temporary, shard: shard, random: random), context: context,
            policy: policy)
        if case .success = verdict.result { secrets[user.id] = secret }
        return verdict.events
    }

    /// Turns the second factor on. That the code was right is no fact by itself, so this is one
    /// batch, as the server's.
    private func confirm(
        _ user: User, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        guard let setup = user.pendingSetup, let secret = secrets[user.id] else { return [] }
        let session = user.sessions.first.map { (digest: $0, grant: grant(context)) }
        return state.judgeConfirmation(
            code(of: secret, at: context.at), of: .session(user.id), secret: secret,
            context: context, policy: policy
        ).then { step in
            state.enable(
                setup, of: user.id, step: step,
                backupCodeHashes: (0..<10).map { "code-\($0)" }, session: session,
                context: context)
        }.events
    }

    private func verify(on state: AccountState, _ context: CommandContext) -> [AccountEvent] {
        guard !tempTokens.isEmpty else { return [] }
        let token = tempTokens[random.below(tempTokens.count)]
        guard let user = try? state.owner(ofTempToken: token, at: context.at),
            let secret = secrets[user.id]
        else { return [] }
        return state.useTOTP(
            code(of: secret, at: context.at), of: .tempToken(token), secret: secret,
            context: context, policy: policy
        ).then { user in
            state.completeSignIn(
                of: user.id, tempToken: token, grant: grant(context), context: context,
                policy: policy)
        }.events
    }

    private func change(
        _ user: User, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        switch random.below(5) {
        case 0:
            return state.disable(user.id, context: context).events
        case 1:
            let phone = PhoneNumber("+1415555267\(random.below(9))")
            return state.changePhone(of: user.id, to: phone, context: context).events
        case 2:
            guard let digest = user.sessions.first else { return [] }
            return state.changePassword(
                of: user.id, from: user.passwordHash, to: "hash-\(random.below(9))",
                session: digest, grant: grant(context), context: context
            ).events
        case 3:
            guard let digest = user.sessions.last else { return [] }
            return state.endOthers(of: user.id, keeping: digest, context: context).events
        default:
            guard let digest = user.sessions.first else { return [] }
            return state.stepUp(digest, grant: grant(context), context: context).events
        }
    }

    private func administer(
        _ user: User, on state: AccountState, _ context: CommandContext
    ) -> [AccountEvent] {
        let isLast = state.enabledAdminCount <= 1
        switch random.below(4) {
        case 0: return state.endAllSessions(of: user.id, context: context).events
        case 1: return state.resetSecondFactor(of: user.id, context: context).events
        case 2:
            return state.setDisabled(
                random.below(3) == 0, of: user.id, isLastAdmin: isLast, context: context
            ).events
        default:
            return state.setRole(
                of: user.id, to: random.below(2) == 0 ? .admin : .member, isLastAdmin: isLast,
                context: context
            ).events
        }
    }

    /// Right two times in three.
    private func code(of secret: [UInt8], at time: Timestamp) -> String {
        random.below(3) == 0 ? "000000" : TOTP.code(secret: secret, step: TOTP.step(at: time))
    }
}
