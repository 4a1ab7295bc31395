import Actors
import Foundation

/// Does what operators ask for, by the same rules as the API. Every change leaves an entry in the
/// activity of the account that it concerns.
struct OperatorService: Sendable {
    let accounts: AccountDirectory
    let minting: TokenMinting
    let resetTokenSeconds: Int64
    let clock: any WallClock
    let ids: TraceIDSource
    /// What is done with the data directory as a whole; nil where there is none.
    var upkeep: Upkeep?

    /// Operators sit on this machine.
    private static let source = SourceAddress("127.0.0.1") ?? .unknown

    /// Shown in activity entries where a browser's name stands otherwise.
    private static let userAgent = "countersign command line"
    /// A page of `users list`: each is a turn of the actors that own the accounts.
    private static let pageUsers = 200

    @Sendable func perform(_ command: OperatorCommand) async -> OperatorReply {
        do throws(APIError) {
            return try await reply(to: command)
        } catch {
            return .refused(error)
        }
    }

    private func reply(to command: OperatorCommand) async throws(APIError) -> OperatorReply {
        switch command {
        case .listUsers:
            return try await listUsers()
        case .addUser(let email):
            return try await addUser(email)
        case .setRole(let email, let isAdmin):
            return try await change(email) { id, context throws(AccountError) in
                try await accounts.setRole(
                    of: id, to: isAdmin ? .admin : .member, context: context)
            }
        case .setDisabled(let email, let isDisabled):
            return try await change(email) { id, context throws(AccountError) in
                try await accounts.setDisabled(isDisabled, of: id, context: context)
            }
        case .endSessions(let email):
            return try await change(email) { id, context throws(AccountError) in
                try await accounts.owner(of: id).endAllSessions(of: id, context: context)
            }
        case .resetSecondFactor(let email):
            return try await change(email) { id, context throws(AccountError) in
                try await accounts.owner(of: id).resetSecondFactor(of: id, context: context)
            }
        case .resetPassword(let email):
            return try await resetPassword(try await user(email))
        case .listTokens:
            return await listTokens()
        case .mintToken(let name, let scopes, let expiresInDays, let owner):
            return try await mint(name, scopes, expiresInDays, owner)
        case .revokeToken(let id):
            try await minting.revoke(id)
            return .done(EmptyEnvelope(), "token \(id) is ended")
        case .logExtent(let takesSnapshot):
            guard let upkeep else { throw APIError(.internalError) }
            return try await upkeep.extent(takesSnapshot: takesSnapshot)
        case .importUsers(let users, let isDryRun):
            return await importUsers(users, isDryRun: isDryRun)
        case .rotateKeys(let step):
            guard let upkeep else { throw APIError(.internalError) }
            guard let rotation = upkeep.rotation else { throw APIError(inCluster: "the keys") }
            return try await rotation.perform(step)
        case .handOver, .comeBack:
            throw APIError(
                .notReady, message: "This server is not one of several.",
                suggestedFix: "docs/cluster.md says how several servers share the data.")
        }
    }

    var context: CommandContext {
        CommandContext(
            at: clock.now(), trace: ids.trace(), source: Self.source, userAgent: Self.userAgent)
    }

    // MARK: Users

    private struct UserList: Encodable { let users: [UserJSON] }

    private func listUsers() async throws(APIError) -> OperatorReply {
        var users: [UserView] = []
        try await forEachPage { users += $0 }
        users.sort { ($0.createdAt, $0.email) < ($1.createdAt, $1.email) }
        let rows = users.map { user in
            [
                user.email, user.role.rawValue, user.twoFactorEnabled ? "on" : "off",
                user.isDisabled ? "disabled" : "enabled", user.createdAt.rfc3339,
                user.id.description,
            ]
        }
        return .done(
            UserList(users: users.map(UserJSON.init)),
            TextTable(["EMAIL", "ROLE", "2FA", "STATE", "CREATED", "ID"], rows).text)
    }

    private func forEachPage(_ body: ([UserView]) -> Void) async throws(APIError) {
        var next: (shard: Int, offset: Int)?
        repeat {
            let start = next
            let page = try await accountRule { () throws(AccountError) in
                try await accounts.users(from: start, limit: Self.pageUsers)
            }
            body(page.users)
            next = page.next
        } while next != nil
    }

    private func user(_ text: String) async throws(APIError) -> UserID {
        let email = try text.asEmail()
        let id = try await accountRule { () throws(AccountError) in
            try await accounts.user(email: email)
        }
        guard let id else {
            throw APIError(.userUnknown, message: "There is no user \(email.normalised).")
        }
        return id
    }

    private func change(
        _ email: String,
        _ body: (UserID, CommandContext) async throws(AccountError) -> UserView
    ) async throws(APIError) -> OperatorReply {
        let id = try await user(email)
        let user: UserView
        do throws(AccountError) {
            user = try await body(id, context)
        } catch {
            throw APIError(error)
        }
        return .done(
            UserEnvelope(user),
            "\(user.email): \(user.role.rawValue), \(user.isDisabled ? "disabled" : "enabled"), "
                + "second factor \(user.twoFactorEnabled ? "on" : "off")")
    }

    private struct ResetEnvelope: Encodable {
        let user: UserJSON
        let reset_token: String
        let expires_in_seconds: Int64
    }

    /// The account gets a password that nobody knows; the token is how its owner sets one.
    private func addUser(_ text: String) async throws(APIError) -> OperatorReply {
        let email = try text.asEmail()
        let unknown = RadixAlphabet.base64URL.encode(SystemRandomSource().bytes(32))
        let user: UserView
        do throws(AccountError) {
            user = try await accounts.register(
                email, password: Redacted(Array(unknown.utf8)), phone: nil, role: nil,
                startsSession: false, context: context
            ).user
        } catch {
            throw APIError(error)
        }
        return try await resetPassword(user.id)
    }

    private func resetPassword(_ id: UserID) async throws(APIError) -> OperatorReply {
        let issued: (user: UserView, secret: BearerSecret)
        do throws(AccountError) {
            issued = try await accounts.owner(of: id).issueResetToken(for: id, context: context)
        } catch {
            throw APIError(error)
        }
        let token = issued.secret.text.value
        return .done(
            ResetEnvelope(
                user: UserJSON(user: issued.user), reset_token: token,
                expires_in_seconds: resetTokenSeconds),
            """
            \(issued.user.email) (\(issued.user.role.rawValue))
            reset token, once, for \(resetTokenSeconds / 60) minutes: \(token)
            It is redeemed by POST /api/auth/password/reset with reset_token and new_password.
            """)
    }

    // MARK: Tokens

    private struct TokenList: Encodable { let tokens: [TokenJSON] }

    private struct Minted: Encodable {
        let id: String
        let name: String
        let scopes: [String]
        let expires_at: String?
        let token: String
    }

    private func listTokens() async -> OperatorReply {
        let tokens = await minting.installation.tokens(at: clock.now())
        let rows = tokens.map { view in
            [
                view.token.name, view.token.scopes.map(\.text).joined(separator: ","),
                view.lastUsedAt?.rfc3339 ?? "never", view.token.expiresAt?.rfc3339 ?? "never",
                view.token.id.description,
            ]
        }
        return .done(
            TokenList(tokens: tokens.map(TokenJSON.init)),
            TextTable(["NAME", "SCOPES", "LAST USED", "EXPIRES", "ID"], rows).text)
    }

    private func mint(
        _ name: String, _ scopes: [String], _ expiresInDays: Int?, _ owner: String?
    ) async throws(APIError) -> OperatorReply {
        let user: UserID
        if let owner {
            user = try await self.user(owner)
        } else if let admin = try await oldestAdmin() {
            user = admin
        } else {
            throw APIError(
                .forbidden, message: "There is no admin who could own the token.",
                suggestedFix: "Make one with `countersign users add EMAIL`.")
        }
        let (token, secret) = try await minting.mint(
            name: name, scopes: scopes, expiresInDays: expiresInDays, by: user, at: clock.now())
        return .done(
            Minted(
                id: token.id.description, name: token.name, scopes: token.scopes.map(\.text),
                expires_at: token.expiresAt?.rfc3339, token: secret.text.value),
            "\(token.id) \(token.name)\ntoken, shown once: \(secret.text.value)")
    }

    private func oldestAdmin() async throws(APIError) -> UserID? {
        var oldest: UserView?
        try await forEachPage { users in
            for user in users where user.role == .admin && !user.isDisabled {
                if oldest.map({ user.createdAt < $0.createdAt }) ?? true { oldest = user }
            }
        }
        return oldest?.id
    }
}

extension OperatorReply {
    static func done(_ value: some Encodable, _ text: String) -> OperatorReply {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // The types are ours and hold strings, numbers and dates as text: encoding can't fail.
        let json = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        return OperatorReply(isDone: true, json: json, text: text)
    }

    static func refused(_ error: APIError) -> OperatorReply {
        let json = JSONTree.object([
            ("error_code", .string(error.code.rawValue)), ("message", .string(error.message)),
            ("suggested_fix", .string(error.suggestedFix)),
        ])
        return OperatorReply(
            isDone: false, json: String(decoding: json.compact, as: UTF8.self),
            text: "\(error.message)\n\(error.suggestedFix)")
    }
}

/// Columns as wide as their widest cell.
struct TextTable {
    let text: String

    init(_ header: [String], _ rows: [[String]]) {
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        text = lines.map { line in
            zip(line, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }.joined(separator: "  ").trimmingSuffix(" ")
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        String(self[..<(lastIndex { $0 != character }.map { index(after: $0) } ?? startIndex)])
    }
}
