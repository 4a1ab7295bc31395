import Actors
import Foundation
import Persistence
import TestSupport
import Testing

@testable import App

@Suite("Operator's service")
struct OperatorServiceTests {
    private struct FixedClock: WallClock {
        func now() -> Timestamp { Timestamp(seconds: 1_800_000_000) }
    }

    private let log = MemoryLog()
    private let accounts: AccountDirectory
    private let service: OperatorService

    init() {
        let random = SeededRandom(seed: 7)
        let hasher = PasswordHasher(threads: 1, queueSecondsMax: 10, queueLengthMax: 100)
        let keyring = DataKeyring.generate(random: random)
        let installation = InstallationActor(
            recovered: InstallationState(), lastUsed: [:], log: log, random: random)
        let shards = (0..<log.shardCount).map { [log] shard in
            AccountActor(
                shard: ShardID(UInt16(shard)), recovered: RecoveredAccounts(), log: log,
                keyring: keyring, hasher: hasher, policy: AccountPolicy(), random: random)
        }
        accounts = AccountDirectory(
            shards: shards, installation: installation, hasher: hasher, random: random)
        service = OperatorService(
            accounts: accounts,
            minting: TokenMinting(
                installation: installation, integrationIDs: ["openai"], tokensPerAccountMax: 2),
            resetTokenSeconds: 3600, clock: FixedClock(), ids: TraceIDSource(seed: random))
    }

    // MARK: Reading replies

    private struct Reset: Decodable {
        struct User: Decodable {
            let email: String
            let role: String
            let disabled: Bool
        }
        let user: User
        let reset_token: String?
    }

    private struct Listing: Decodable { let users: [Reset.User] }

    private struct Token: Decodable {
        let id: String
        let name: String
        let token: String?
    }

    private struct Tokens: Decodable { let tokens: [Token] }

    private struct Refusal: Decodable {
        let error_code: String
        let message: String
        let suggested_fix: String
    }

    private func ask<Value: Decodable>(
        _ command: OperatorCommand, _ type: Value.Type
    ) async throws -> Value {
        let reply = await service.perform(command)
        try #require(reply.isDone, "\(command): \(reply.text)")
        #expect(!reply.text.isEmpty)
        return try JSONDecoder().decode(type, from: Data(reply.json.utf8))
    }

    private func refusal(_ command: OperatorCommand) async throws -> Refusal {
        let reply = await service.perform(command)
        try #require(!reply.isDone, "\(command) was not refused")
        let refusal = try JSONDecoder().decode(Refusal.self, from: Data(reply.json.utf8))
        #expect(reply.text.contains(refusal.message) && reply.text.contains(refusal.suggested_fix))
        return refusal
    }

    private func activity(of email: String) async throws -> [Activity] {
        let id = try #require(try await accounts.user(email: try EmailAddress(email)))
        return try await accounts.owner(of: id).activity(of: id)
    }

    // MARK: Users

    @Test("the first user is the admin, the next is a member, and both can be listed")
    func add() async throws {
        let first = try await ask(.addUser(email: "Root@Example.com "), Reset.self)
        let second = try await ask(.addUser(email: "grace@example.com"), Reset.self)
        #expect(first.user.role == "admin" && first.user.email == "root@example.com")
        #expect(second.user.role == "member")
        #expect(first.reset_token != nil && first.reset_token != second.reset_token)
        let listed = try await ask(.listUsers, Listing.self).users.map(\.email)
        #expect(listed.sorted() == ["grace@example.com", "root@example.com"])
    }

    @Test("more users than a page are all listed")
    func manyUsers() async throws {
        // More than a page, registered without the hash that `users add` would take for each.
        let context = CommandContext(
            at: FixedClock().now(), trace: TraceID(high: 1, low: 1), source: .unknown, userAgent: ""
        )
        for number in 0..<450 {
            let email = try EmailAddress("user\(number)@example.com")
            let owner = try accounts.shard(of: email)
            let id = UserID(
                shard: email.shard(of: log.shardCount), at: context.at,
                random: SystemRandomSource())
            _ = try await owner.register(
                User(
                    id: id, email: email.normalised, passwordHash: "", role: .member, phone: nil,
                    createdAt: context.at),
                startsSession: false, context: context)
        }
        let listed = try await ask(.listUsers, Listing.self).users.map(\.email)
        #expect(Set(listed).count == 450 && listed.count == 450)
    }

    @Test("the reset token that comes with a new account sets its password, once")
    func resetToken() async throws {
        let added = try await ask(.addUser(email: "root@example.com"), Reset.self)
        let text = try #require(added.reset_token)
        let secret = try #require(BearerSecret(.passwordReset, presented: text))
        let owner = try accounts.shard(of: try EmailAddress("root@example.com"))
        let context = CommandContext(
            at: FixedClock().now(), trace: TraceID(high: 1, low: 1), source: .unknown, userAgent: ""
        )
        let password = Redacted(Array("a good long password".utf8))
        try await owner.resetPassword(secret.digest, to: { _ in password }, context: context)
        await #expect(throws: AccountError.resetTokenInvalid) {
            try await owner.resetPassword(secret.digest, to: { _ in password }, context: context)
        }
    }

    @Test("every change leaves an entry that says it was made on this machine's command line")
    func activityEntries() async throws {
        _ = try await ask(.addUser(email: "root@example.com"), Reset.self)
        let email = "grace@example.com"
        _ = try await ask(.addUser(email: email), Reset.self)
        for command: OperatorCommand in [
            .setRole(email: email, isAdmin: true), .setRole(email: email, isAdmin: false),
            .setDisabled(email: email, isDisabled: true),
            .setDisabled(email: email, isDisabled: false),
            .endSessions(email: email), .resetPassword(email: email),
        ] { _ = try await ask(command, Reset.self) }
        let entries = try await activity(of: email)
        #expect(
            Set(entries.map(\.kind)) == [
                .registered, .madeAdmin, .madeMember, .disabled, .enabled, .sessionsEndedByAdmin,
                .passwordResetIssued,
            ])
        for entry in entries {
            #expect(entry.address == "127.0.0.1" && entry.userAgent.hasPrefix("countersign"))
        }
        #expect(Set(entries.map(\.trace)).count > 1)
    }

    @Test("what a rule forbids is refused and changes nothing")
    func refusals() async throws {
        _ = try await ask(.addUser(email: "root@example.com"), Reset.self)
        let before = log.snapshotBase().records
        let cases: [(OperatorCommand, String, String)] = [
            (.addUser(email: "ROOT@example.com"), "email_taken", "already"),
            (.addUser(email: "nobody"), "email_invalid", ""),
            (
                .setDisabled(email: "nobody@example.com", isDisabled: true), "user_unknown",
                "nobody@"
            ),
            (.resetPassword(email: "nobody@example.com"), "user_unknown", "nobody@"),
            (.setRole(email: "root@example.com", isAdmin: false), "last_admin", "administrator"),
            (.setDisabled(email: "root@example.com", isDisabled: true), "last_admin", ""),
            (.resetSecondFactor(email: "root@example.com"), "two_factor_not_enabled", ""),
            (.revokeToken(id: "tok_none"), "token_unknown", ""),
            (mint(scopes: ["fly"]), "scope_unknown", ""),
            (mint(scopes: ["call:nobody"]), "scope_unknown", ""),
            (mint(scopes: []), "validation_failed", ""),
            (mint(scopes: ["status:read"], days: 0), "validation_failed", ""),
            (mint(scopes: ["status:read"], owner: "nobody@example.com"), "user_unknown", "nobody@"),
        ]
        for (command, code, words) in cases {
            let refused = try await refusal(command)
            #expect(refused.error_code == code, "\(command)")
            #expect(words.isEmpty || refused.message.contains(words), "\(refused.message)")
        }
        #expect(log.snapshotBase().records == before)
    }

    @Test("a full disk is a refusal, not a crash")
    func fullDisk() async throws {
        log.isFull = true
        let refused = try await refusal(.addUser(email: "root@example.com"))
        #expect(refused.error_code == "storage_full")
    }

    // MARK: Tokens

    private func mint(
        scopes: [String], days: Int? = nil, owner: String? = nil
    ) -> OperatorCommand {
        .mintToken(name: "nightly", scopes: scopes, expiresInDays: days, owner: owner)
    }

    @Test("a token is minted, listed without its secret, and revoked")
    func tokens() async throws {
        _ = try await ask(.addUser(email: "root@example.com"), Reset.self)
        let minted = try await ask(mint(scopes: ["status:read", "call:openai"]), Token.self)
        let secret = try #require(minted.token)
        let listing = await service.perform(.listTokens)
        #expect(!listing.json.contains(secret) && !listing.text.contains(secret))
        let listed = try JSONDecoder().decode(Tokens.self, from: Data(listing.json.utf8)).tokens
        #expect(listed.map(\.id) == [minted.id] && listed.map(\.name) == ["nightly"])
        let digest = try #require(BearerSecret(.service, presented: secret)).digest
        let installation = accounts.installation
        let holder = await installation.authenticate(digest, at: FixedClock().now())
        #expect(holder?.name == "nightly")
        let revoked = await service.perform(.revokeToken(id: minted.id))
        #expect(revoked.isDone)
        let nobody = await installation.authenticate(digest, at: FixedClock().now())
        #expect(nobody == nil)
        let left = try await ask(.listTokens, Tokens.self).tokens
        #expect(left.isEmpty)
    }

    @Test("without an administrator nobody can own a token")
    func noAdmin() async throws {
        let refused = try await refusal(mint(scopes: ["status:read"]))
        #expect(refused.error_code == "forbidden")
    }
}
