import Foundation
import Testing

@testable import App

@Suite("Operator commands on the wire")
struct OperatorCommandTests {
    @Test(
        "a command is the same after a round trip",
        arguments: [
            OperatorCommand.listUsers,
            .addUser(email: "grace@example.com"),
            .setRole(email: "grace@example.com", isAdmin: true),
            .setDisabled(email: "grace@example.com", isDisabled: false),
            .endSessions(email: "grace@example.com"),
            .resetSecondFactor(email: "grace@example.com"),
            .resetPassword(email: "\"line\nbreak\"@example.com"),
            .listTokens,
            .mintToken(
                name: "nächtlich", scopes: ["status:read", "call:openai"], expiresInDays: 30,
                owner: "grace@example.com"),
            .mintToken(name: "", scopes: [], expiresInDays: nil, owner: nil),
            .revokeToken(id: "tok_1"),
            .handOver, .comeBack,
        ])
    func roundTrip(_ command: OperatorCommand) throws {
        let line = try JSONEncoder().encode(command)
        #expect(!line.contains(UInt8(ascii: "\n")), "one command is one line")
        #expect(try JSONDecoder().decode(OperatorCommand.self, from: line) == command)
    }

    @Test("a reply is one line, however many lines its text has")
    func replyIsOneLine() throws {
        let reply = OperatorReply(isDone: true, json: "{\n}", text: "first\nsecond\n")
        let line = try JSONEncoder().encode(reply)
        #expect(!line.contains(UInt8(ascii: "\n")))
        #expect(try JSONDecoder().decode(OperatorReply.self, from: line) == reply)
    }
}
