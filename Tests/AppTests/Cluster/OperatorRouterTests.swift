import Actors
import Foundation
import Persistence
import TestSupport
import Testing

@testable import App

@Suite("Operators' commands in a cluster", .timeLimit(.minutes(1)))
struct OperatorRouterTests {
    private static func world() -> CallWorld {
        let world = CallWorld()
        for shard in UInt16(0)..<4 { world.give(shard, to: world.servers[shard < 2 ? 0 : 1]) }
        return world
    }

    private static func imported(_ email: String) -> ImportedUser {
        ImportedUser(
            email: email,
            passwordHash: "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQxMjM0NTY3OA$"
                + "RdescudvJCsgt3ub+b27jyTxJUwEwJtBmwYbCYFBJ/c",
            role: nil, phone: nil, createdAt: nil)
    }

    private struct Listing: Decodable {
        struct User: Decodable {
            let email: String
            let disabled: Bool
        }
        let users: [User]
    }

    private static func users(of server: CallServer) async throws -> [Listing.User] {
        let reply = await server.router.perform(.listUsers)
        return try JSONDecoder().decode(Listing.self, from: Data(reply.json.utf8)).users
    }

    @Test("an account is made and changed from any server")
    func anywhere() async throws {
        let world = Self.world()
        for number in 0..<8 {
            let email = "op\(number)@example.com"
            let (one, other) = (world.servers[number % 2], world.servers[(number + 1) % 2])
            let made = await one.router.perform(.addUser(email: email))
            #expect(made.isDone, "\(made.text)")
            let again = await other.router.perform(.addUser(email: email))
            #expect(!again.isDone)
            let changed = await other.router.perform(.setDisabled(email: email, isDisabled: true))
            // The first of them is the only admin, which can't be taken away.
            #expect(changed.isDone == (number > 0), "\(changed.text)")
        }
        for server in world.servers {
            let users = try await Self.users(of: server)
            #expect(users.count == 8 && users.count { $0.disabled } == 7)
        }
    }

    @Test("tokens are the installation's, whoever is asked for them")
    func tokens() async throws {
        let world = Self.world()
        let far = world.servers[1]
        _ = await far.router.perform(.addUser(email: "admin@example.com"))
        for owner in [nil, "admin@example.com"] {
            let minted = await far.router.perform(
                .mintToken(name: "t", scopes: ["usage:write"], expiresInDays: nil, owner: owner))
            #expect(minted.isDone, "\(minted.text)")
        }
        for server in world.servers {
            let listed = await server.router.perform(.listTokens)
            #expect(listed.text.split(separator: "\n").count == 3)
        }
    }

    @Test("a batch of accounts is split, and its outcomes are in its order")
    func imports() async throws {
        let world = Self.world()
        let near = world.servers[0]
        var batch = (0..<20).map { Self.imported("im\($0)@example.com") }
        batch.insert(Self.imported("no address"), at: 7)
        batch.insert(Self.imported("im3@example.com"), at: 12)
        let reply = await near.router.perform(.importUsers(batch, isDryRun: false))
        let outcomes = try JSONDecoder().decode(
            [ImportedUser.Outcome].self, from: Data(reply.json.utf8))
        #expect(outcomes.count == batch.count)
        for (index, outcome) in outcomes.enumerated() {
            switch (index, outcome) {
            case (7, .refused), (12, .exists): break
            case (7, _), (12, _): Issue.record("\(index): \(outcome)")
            default: #expect(outcome == .imported, "\(index)")
            }
        }
        #expect(try await Self.users(of: world.servers[1]).count == 20)
        let dry = await near.router.perform(.importUsers(batch, isDryRun: true))
        #expect(dry.json.ranges(of: "exists").count == 21)
    }

    @Test("an owner that says nothing is reported, and every account of its shards as well")
    func silence() async throws {
        let world = Self.world()
        world.give(2, to: nil)
        world.give(3, to: nil)
        let batch = (0..<12).map { Self.imported("im\($0)@example.com") }
        let reply = await world.servers[0].router.perform(.importUsers(batch, isDryRun: false))
        let outcomes = try JSONDecoder().decode(
            [ImportedUser.Outcome].self, from: Data(reply.json.utf8))
        #expect(outcomes.count == batch.count)
        for (user, outcome) in zip(batch, outcomes) {
            let isHere = try EmailAddress(user.email).shard(of: 4).rawValue < 2
            #expect((outcome == .imported) == isHere)
        }
    }

    @Test("a command that was passed on is not passed on again")
    func once() async throws {
        let world = Self.world()
        let far = world.servers[1]
        let command = OperatorCommand.addUser(email: "op0@example.com")
        let home = try EmailAddress("op0@example.com").shard(of: 4)
        let json = Array(try JSONEncoder().encode(command))
        for shard in UInt16(0)..<4 where ShardID(shard) != home {
            let answer = await world.servers[shard < 2 ? 0 : 1].calls.answerer.answer(
                .perform(ShardID(shard), command: json), asking: far.calls)
            #expect(answer == .notUnderstood)
        }
        #expect(try await Self.users(of: far).isEmpty)
    }
}
