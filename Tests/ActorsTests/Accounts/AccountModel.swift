import Actors
import Persistence
import TestSupport

/// Drives `AccountState` with random commands through its own rules, keeping the encoded facts, so
/// that tests can replay them.
struct AccountModel {
    var state = AccountState()
    var random: SeededRandom
    var policy = AccountPolicy()
    var now = Timestamp(seconds: 1_800_000_000)
    private(set) var records: [[UInt8]] = []
    /// The TOTP secret of each account that has one, in clear: what a phone would hold.
    private(set) var secrets: [UserID: [UInt8]] = [:]
    private(set) var tempTokens: [TokenDigest] = []
    private(set) var resetTokens: [TokenDigest] = []

    static let shard = ShardID(3)

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        policy.sessionsPerAccountMax = 4
        policy.tempTokensPerAccountMax = 3
    }

    var context: CommandContext {
        CommandContext(
            at: now, trace: TraceID(random: random),
            source: SourceAddress("192.0.2.\(random.below(4))") ?? .unknown, userAgent: "model")
    }

    /// Applies a verdict's facts as the actor would, one record at a time.
    @discardableResult
    mutating func settle<Value>(_ verdict: AccountVerdict<Value>) -> Value? {
        for event in verdict.events {
            var writer = ByteWriter()
            event.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            let decoded = try? AccountEvent(kind: event.kind, version: 1, from: &reader)
            precondition(decoded == event && reader.isAtEnd, "\(event) does not round-trip")
            var batch = RecordBatch()
            batch.add(event)
            records.append(batch.bytes)
            state.apply(event, record: UInt64(records.count))
        }
        return try? verdict.result.get()
    }

    var grant: SessionGrant { SessionGrant(shard: Self.shard, at: now, random: random) }

    func email(_ index: Int) throws -> EmailAddress { try EmailAddress("user\(index)@example.com") }

    /// One random command. Most are sensible, some are wrong on purpose.
    mutating func step() throws {
        now = now.advanced(byMilliseconds: Int64(random.below(40_000)))
        let address = try email(random.below(3))
        let user = state.user(email: address)
        switch random.below(14) {
        case 0:
            let user = User(
                id: UserID(shard: Self.shard, at: now, random: random), email: address.normalised,
                passwordHash: "hash-0", role: random.below(2) == 0 ? .admin : .member, phone: nil,
                createdAt: now)
            settle(state.register(user, grant: grant, context: context, policy: policy))
        case 1, 2:
            let temporary = BearerSecret(.temporary, shard: Self.shard, random: random)
            let signIn = settle(
                state.signIn(
                    address, hash: user?.passwordHash, isRight: random.below(4) > 0,
                    session: grant, temporary: temporary, context: context, policy: policy))
            if case .secondFactorNeeded(let secret, _)? = signIn {
                tempTokens.append(secret.digest)
            }
        case 3:
            guard let user else { return }
            let secret = random.bytes(20)
            let token = BearerSecret(.temporary, shard: Self.shard, random: random)
            if settle(
                state.startSetup(
                    for: user.id, sealedSecret: secret, token: token, context: context,
                    policy: policy)) != nil
            {
                secrets[user.id] = secret
            }
        case 4, 5:
            try confirm(user)
        case 6, 7, 8:
            try verify()
        case 9:
            guard let user else { return }
            settle(state.disable(user.id, context: context))
        case 10:
            guard let user, let digest = user.sessions.first else { return }
            settle(
                state.changePassword(
                    of: user.id, from: user.passwordHash, to: "hash-\(random.below(9))",
                    session: digest, grant: grant, context: context))
        case 11:
            guard let user, let digest = user.sessions.last else { return }
            settle(state.endOthers(of: user.id, keeping: digest, context: context))
        case 12:
            guard let user else { return }
            let isLast = state.enabledAdminCount <= 1
            settle(
                state.setDisabled(
                    random.below(2) == 0, of: user.id, isLastAdmin: isLast, context: context))
            settle(
                state.setRole(
                    of: user.id, to: random.below(2) == 0 ? .admin : .member, isLastAdmin: isLast,
                    context: context))
        default:
            guard let user else { return }
            let secret = BearerSecret(.passwordReset, shard: Self.shard, random: random)
            settle(
                state.issueResetToken(secret, for: user.id, context: context, policy: policy))
            resetTokens.append(secret.digest)
            settle(
                state.resetPassword(
                    resetTokens[random.below(resetTokens.count)], to: "hash-9", context: context))
        }
    }

    private mutating func confirm(_ user: User?) throws {
        guard let user, let setup = user.pendingSetup, let secret = secrets[user.id] else { return }
        let code = code(of: secret)
        let judged = state.judgeConfirmation(
            code, of: .session(user.id), secret: secret, context: context, policy: policy)
        guard let step = settle(judged) else { return }
        settle(
            state.enable(
                setup, of: user.id, step: step, backupCodeHashes: (0..<10).map { "code-\($0)" },
                session: user.sessions.first.map { ($0, grant) }, context: context))
    }

    private mutating func verify() throws {
        guard !tempTokens.isEmpty else { return }
        let token = tempTokens[random.below(tempTokens.count)]
        guard let user = try? state.owner(ofTempToken: token, at: now),
            let secret = secrets[user.id]
        else { return }
        let grant = grant
        let context = context
        let state = state
        let policy = policy
        settle(
            state.useTOTP(
                code(of: secret), of: .tempToken(token), secret: secret, context: context,
                policy: policy
            ).then { user in
                state.completeSignIn(
                    of: user.id, tempToken: token, grant: grant, context: context, policy: policy)
            })
    }

    /// Right two times in three.
    private func code(of secret: [UInt8]) -> String {
        random.below(3) == 0
            ? "000000" : TOTP.code(secret: secret, step: TOTP.step(at: now))
    }
}
