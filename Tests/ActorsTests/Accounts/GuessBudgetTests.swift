import Actors
import TestSupport
import Testing

/// The arithmetic of the guess budget, on the pure rules.
@Suite struct GuessBudgetTests {
    /// An account with a second factor, made by the rules themselves.
    private func enrolled(_ model: inout AccountModel) throws -> (User, [UInt8]) {
        let email = try model.email(0)
        let user = User(
            id: UserID(shard: AccountModel.shard, at: model.now, random: model.random),
            email: email.normalised, passwordHash: "hash", role: .member, phone: nil,
            createdAt: model.now)
        model.settle(
            model.state.register(user, grant: nil, context: model.context, policy: model.policy))
        let secret = model.random.bytes(20)
        let factor = SecondFactor(
            sealedSecret: secret, lastStep: TOTP.step(at: model.now) - 10,
            backupCodeHashes: (0..<10).map { "code-\($0)" }, enrolledAt: model.now)
        model.settle(
            AccountVerdict<Void>(
                events: [.secondFactorEnabled(user.id, factor)], result: .success(())))
        return (try #require(model.state.users[user.id]), secret)
    }

    private func tempToken(_ model: inout AccountModel) throws -> TokenDigest {
        let secret = BearerSecret(.temporary, shard: AccountModel.shard, random: model.random)
        model.settle(
            model.state.signIn(
                try model.email(0), hash: "hash", isRight: true, session: model.grant,
                temporary: secret, context: model.context, policy: model.policy))
        return secret.digest
    }

    private func guess(
        _ model: inout AccountModel, _ code: String, _ token: TokenDigest, _ secret: [UInt8]
    ) -> Result<User, AccountError> {
        let verdict = model.state.useTOTP(
            code, of: .tempToken(token), secret: secret, context: model.context,
            policy: model.policy)
        model.settle(verdict)
        return verdict.result
    }

    private func failure<Value>(_ result: Result<Value, AccountError>) -> AccountError? {
        if case .failure(let error) = result { return error }
        return nil
    }

    @Test("a temp_token is exhausted after five tries, even for the right code")
    func tempTokenTries() throws {
        var model = AccountModel(seed: 1)
        let (_, secret) = try enrolled(&model)
        let token = try tempToken(&model)
        for _ in 0..<5 {
            #expect(failure(guess(&model, "000000", token, secret)) == .codeInvalid)
        }
        let right = TOTP.code(secret: secret, step: TOTP.step(at: model.now))
        #expect(failure(guess(&model, right, token, secret)) == .tempTokenExhausted)
    }

    @Test("after ten failures nothing is judged until the delay is over, over all temp_tokens")
    func delay() throws {
        var model = AccountModel(seed: 2)
        let (_, secret) = try enrolled(&model)
        for _ in 0..<2 {
            let token = try tempToken(&model)
            for _ in 0..<5 { _ = guess(&model, "000000", token, secret) }
        }
        let token = try tempToken(&model)
        let right = TOTP.code(secret: secret, step: TOTP.step(at: model.now))
        #expect(
            failure(guess(&model, right, token, secret))
                == .tooManyAttempts(retryAfterSeconds: 1))
        model.now = model.now.advanced(bySeconds: 1)
        #expect(try guess(&model, right, token, secret).get().email == "user0@example.com")
    }

    @Test("a patient guesser gets 100 tries, then TOTP is locked for good")
    func lifetimeBudget() throws {
        var model = AccountModel(seed: 3)
        let (user, secret) = try enrolled(&model)
        var judged = 0
        for _ in 0..<400 {
            model.now = model.now.advanced(bySeconds: 900)
            let token = try tempToken(&model)
            // Never the right code: that of a step far away.
            let wrong = TOTP.code(secret: secret, step: 1)
            if failure(guess(&model, wrong, token, secret)) == .codeInvalid { judged += 1 }
        }
        #expect(judged == AccountPolicy.consecutiveFailuresMax)
        #expect(model.state.users[user.id]?.isTOTPLocked == true)

        let right = TOTP.code(secret: secret, step: TOTP.step(at: model.now))
        let token = try tempToken(&model)
        #expect(failure(guess(&model, right, token, secret)) == .twoFactorLocked)
    }

    @Test("a code is good once, and none before it is good after it")
    func forwardOnly() throws {
        var model = AccountModel(seed: 4)
        let (_, secret) = try enrolled(&model)
        let step = TOTP.step(at: model.now)
        let first = try tempToken(&model)
        let second = try tempToken(&model)
        let now = TOTP.code(secret: secret, step: step)
        let before = TOTP.code(secret: secret, step: step - 1)
        #expect(throws: Never.self) { try guess(&model, now, first, secret).get() }
        #expect(failure(guess(&model, now, second, secret)) == .codeInvalid)
        #expect(failure(guess(&model, before, second, secret)) == .codeInvalid)
        let next = TOTP.code(secret: secret, step: step + 1)
        #expect(throws: Never.self) { try guess(&model, next, second, secret).get() }
    }

    @Test("a password change clears the delay and ends every temp_token")
    func passwordChange() throws {
        var model = AccountModel(seed: 5)
        let (user, secret) = try enrolled(&model)
        let token = try tempToken(&model)
        for _ in 0..<5 { _ = guess(&model, "000000", token, secret) }
        let fresh = try tempToken(&model)
        model.settle(
            AccountVerdict<Void>(
                events: [.passwordChanged(user.id, hash: "new")], result: .success(())))
        #expect(model.state.users[user.id]?.guesses == AttemptDelay())
        #expect(failure(guess(&model, "000000", fresh, secret)) == .tempTokenInvalid)
    }

    @Test("a guess that was never judged is given back")
    func refund() throws {
        var model = AccountModel(seed: 6)
        let (user, _) = try enrolled(&model)
        let token = try tempToken(&model)
        let code = try #require(BackupCode.generate(random: model.random).first)
        let debit = model.state.debitForBackupCode(
            code, of: user.id, token: token, context: model.context)
        model.settle(debit)
        #expect(model.state.users[user.id]?.tempTokens.last?.guessesLeft == 4)
        model.settle(
            AccountVerdict<Void>(
                events: [.guessRefunded(user.id, token: token)], result: .success(())))
        #expect(model.state.users[user.id]?.tempTokens.last?.guessesLeft == 5)
        #expect(model.state.users[user.id]?.guesses.consecutiveFailures == 0)
    }
}
