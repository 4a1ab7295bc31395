import Actors
import Foundation
import Persistence

/// What an installation knows, as lines of JSON: one object a line, whose only member says what it
/// is. No secret and no hash of one is in any of them, so no key is needed to write them.
struct Exporter {
    enum What: String, CaseIterable {
        case users
        case events
        case tokens
        case activities
        case messages
    }

    let state: RecoveredState
    let ringEvents: Int
    let output: LineOutput

    /// - Returns: how many lines of it were written.
    func write(_ what: What) throws -> Int {
        switch what {
        case .users: try writeUsers()
        case .events: try writeEvents()
        case .tokens: try writeTokens()
        case .activities: try writeActivities()
        case .messages: try writeMessages()
        }
    }

    /// All accounts in the order in which they were made.
    private var users: [User] {
        state.accounts.flatMap { shard in shard.state.userOrder.compactMap { shard.state.users[$0] }
        }
        .sorted { ($0.createdAt, $0.email) < ($1.createdAt, $1.email) }
    }

    private struct UserLine: Encodable { let user: UserRow }

    private func writeUsers() throws -> Int {
        let users = users
        for user in users { try output.write(UserLine(user: UserRow(user.view))) }
        return users.count
    }

    /// What can still be listed of each integration, oldest first; the counts know of more.
    private func writeEvents() throws -> Int {
        var count = 0
        for integration in state.usage.totals.keys.sorted() {
            let page = state.usage.events(of: integration, before: nil, limit: ringEvents)
            for event in page.events.reversed() {
                var json = JSONWriter(capacity: 512)
                json.beginObject()
                json.key("event")
                UsageEventJSON.write(event, to: &json)
                json.endObject()
                try output.write(json.bytes)
            }
            count += page.events.count
        }
        return count
    }

    private struct TokenLine: Encodable { let token: TokenRow }

    private func writeTokens() throws -> Int {
        let tokens = state.installation.tokens.values.sorted {
            ($0.createdAt, $0.id.description) < ($1.createdAt, $1.id.description)
        }
        for token in tokens {
            let view = ServiceTokenView(token: token, lastUsedAt: state.tokensLastUsed[token.id])
            try output.write(TokenLine(token: TokenRow(view)))
        }
        return tokens.count
    }

    private struct ActivityLine: Encodable {
        struct Entry: Encodable {
            let user_id: String
            let email: String
            let kind: String
            let at: String
            let trace_id: String
            let address: String
            let user_agent: String
            let count: Int
        }

        let activity: Entry
    }

    private func writeActivities() throws -> Int {
        var count = 0
        for user in users {
            for entry in user.activity {
                try output.write(
                    ActivityLine(
                        activity: ActivityLine.Entry(
                            user_id: user.id.description, email: user.email,
                            kind: entry.kind.text, at: entry.at.rfc3339,
                            trace_id: entry.trace.description, address: entry.address,
                            user_agent: entry.userAgent, count: entry.count)))
            }
            count += user.activity.count
        }
        return count
    }

    private func writeMessages() throws -> Int {
        let messages = state.alerts.messages(limit: MessageHistory.messagesMax).reversed()
        for message in messages {
            var json = JSONWriter(capacity: 320)
            json.beginObject()
            json.key("message")
            AlertJSON.write(message, to: &json)
            json.endObject()
            try output.write(json.bytes)
        }
        return messages.count
    }
}

/// Lines on their way to a file or a pipe, in large pieces.
final class LineOutput {
    private let file: FileHandle
    private var buffer: [UInt8] = []
    private let encoder: JSONEncoder

    private static let bufferBytes = 1 << 16

    init(_ file: FileHandle) {
        self.file = file
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    func write(_ value: some Encodable) throws { try write(Array(try encoder.encode(value))) }

    func write(_ line: [UInt8]) throws {
        buffer += line
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func flush() throws {
        do {
            try file.write(contentsOf: Data(buffer))
        } catch {
            throw OperatorFailure(
                status: .inputOutput, text: "Can't write the output: \(error.localizedDescription)")
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
