import Actors
import Persistence
import Testing

@testable import App

@Suite("An account at a past moment")
struct AccountMomentTests {
    private static let at = Timestamp(seconds: 1_800_000_000)

    private func user(_ change: (inout User) -> Void = { _ in }) -> User {
        var user = User(
            id: UserID(EntityID(shard: ShardID(1), high: 1, low: 2)), email: "a@example.com",
            passwordHash: "$argon2id$", role: .member, phone: nil, createdAt: Self.at)
        user.secondFactor = SecondFactor(
            sealedSecret: [1], lastStep: 0, backupCodeHashes: ["x"], enrolledAt: Self.at)
        change(&user)
        return user
    }

    private func obstacles(_ change: (inout User) -> Void) -> [String] {
        AccountMoment(user: user(change), at: Self.at).obstacles
    }

    @Test("nothing stands against an account in good order")
    func none() {
        #expect(obstacles { _ in }.isEmpty)
        #expect(AccountMoment(user: user(), at: Self.at).text.contains("Nothing stood against"))
    }

    @Test("each rule that refuses a sign-in has its words")
    func each() {
        #expect(obstacles { $0.isDisabled = true }.first?.contains("account_disabled") == true)
        #expect(obstacles { $0.isTOTPLocked = true }.first?.contains("TOTP is locked") == true)
        let failed = AttemptDelay(consecutiveFailures: 14, lastFailureAt: Self.at)
        #expect(obstacles { $0.guesses = failed }.first?.contains("2027-01-15T08:00:16") == true)
        let used = obstacles { $0.secondFactor?.backupCodeHashes = [nil] }
        #expect(used == ["no backup code is left"])
        let exhausted = obstacles { user in
            user.tempTokens = [
                TempToken(
                    digest: TokenDigest(of: []), expiresAt: Self.at.advanced(bySeconds: 60),
                    guessesLeft: 0)
            ]
        }
        #expect(exhausted.first?.contains("1 of 1 temp tokens") == true)
    }

    @Test("a delay that is over, and a token that has ended, stand against nothing")
    func over() {
        let old = AttemptDelay(
            consecutiveFailures: 14, lastFailureAt: Self.at.advanced(bySeconds: -60))
        #expect(obstacles { $0.guesses = old }.isEmpty)
    }
}
