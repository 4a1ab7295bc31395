import Actors
import HTTPTypes

/// What admins do to accounts. The operator's commands do the same through the control socket.
struct AdminRoutes: Sendable {
    let accounts: AccountDirectory
    let resetTokenSeconds: Int64

    var endpoints: [Endpoint] {
        [
            list, resetPassword,
            action("disable", "Disable an account and end its sessions", [.lastAdmin]) {
                accounts, id, context throws(AccountError) in
                try await accounts.setDisabled(true, of: id, context: context)
            },
            action("enable", "Enable an account again", []) {
                accounts, id, context throws(AccountError) in
                try await accounts.setDisabled(false, of: id, context: context)
            },
            action("end-sessions", "End all sessions of an account", []) {
                accounts, id, context throws(AccountError) in
                try await accounts.owner(of: id).endAllSessions(of: id, context: context)
            },
            action(
                "reset-second-factor", "Remove an account's second factor", [.twoFactorNotEnabled]
            ) { accounts, id, context throws(AccountError) in
                try await accounts.owner(of: id).resetSecondFactor(of: id, context: context)
            },
        ]
    }

    private struct ListEnvelope: Encodable {
        let users: [UserJSON]
        let next_cursor: String?

        enum CodingKeys: CodingKey { case users, next_cursor }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encode(users, forKey: .users)
            try object.encode(next_cursor, forKey: .next_cursor)
        }
    }

    /// Users a page: enough for a screen, small for the actor that lists them.
    private static let pageUsersMax = 200
    private static let pageUsersDefault = 50

    private var list: Endpoint {
        Endpoint(
            .get, "/api/admin/users", "All accounts, page by page (limit 1–200, cursor)",
            access: .admin(stepUp: false), rateClass: .reads,
            response: .json(
                status: 200,
                .object([
                    .init("users", .array(UserJSON.schema)),
                    .init("next_cursor", .nullable(.string())),
                ])),
            errors: [.cursorInvalid, .validationFailed]
        ) { call throws(APIError) in
            let limit = try Self.limit(call.query("limit"))
            let start = try call.query("cursor").map { (text) throws(APIError) in
                try UserCursor(text: text)
            }
            let page = try await accountRule { () throws(AccountError) in
                try await accounts.users(from: start.map { ($0.shard, $0.offset) }, limit: limit)
            }
            return .object(
                ListEnvelope(
                    users: page.users.map(UserJSON.init),
                    next_cursor: page.next.map {
                        UserCursor(shard: $0.shard, offset: $0.offset).text
                    }
                ))
        }
    }

    private static func limit(_ text: String?) throws(APIError) -> Int {
        guard let text else { return pageUsersDefault }
        guard let limit = Int(text), (1...pageUsersMax).contains(limit) else {
            throw APIError(
                .validationFailed, field: "limit",
                message: "limit is a number between 1 and \(pageUsersMax).")
        }
        return limit
    }

    private struct ResetEnvelope: Encodable {
        let user: UserJSON
        let reset_token: String
        let expires_in_seconds: Int64
    }

    private var resetPassword: Endpoint {
        Endpoint(
            .post, "/api/admin/users/{id}/reset-password",
            "Make a one-time token with which the user sets a new password",
            access: .admin(stepUp: true),
            response: .json(
                status: 200,
                .object([
                    .init("user", UserJSON.schema), .init("reset_token", .string()),
                    .init("expires_in_seconds", .integer),
                ])),
            errors: [.userUnknown, .accountDisabled, .storageFull]
        ) { call throws(APIError) in
            guard let id = UserID(call.parameter("id")) else { throw APIError(.userUnknown) }
            let issued = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: id).issueResetToken(for: id, context: call.context)
            }
            return .object(
                ResetEnvelope(
                    user: UserJSON(user: issued.user), reset_token: issued.secret.text.value,
                    expires_in_seconds: resetTokenSeconds))
        }
    }

    private func action(
        _ name: String, _ summary: String, _ errors: [ErrorCode],
        _ body:
            @escaping @Sendable (
                AccountDirectory, UserID, CommandContext
            ) async throws(AccountError) -> UserView
    ) -> Endpoint {
        Endpoint(
            .post, "/api/admin/users/{id}/\(name)", summary, access: .admin(stepUp: true),
            response: .json(status: 200, UserEnvelope.schema),
            errors: [.userUnknown, .storageFull] + errors
        ) { call throws(APIError) in
            guard let id = UserID(call.parameter("id")) else { throw APIError(.userUnknown) }
            let user = try await accountRule { () throws(AccountError) in
                try await body(accounts, id, call.context)
            }
            return .object(UserEnvelope(user))
        }
    }
}

/// Where a page of users ended: opaque to callers, and refused unless this server made it.
struct UserCursor: Equatable {
    var shard: Int
    var offset: Int

    init(shard: Int, offset: Int) {
        self.shard = shard
        self.offset = offset
    }

    var text: String { RadixAlphabet.base64URL.encode("\(shard).\(offset)".utf8) }

    init(text: String) throws(APIError) {
        guard text.utf8.count <= 32, let bytes = RadixAlphabet.base64URL.decode(text.utf8) else {
            throw APIError(.cursorInvalid, field: "cursor")
        }
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let shard = Int(parts[0]), let offset = Int(parts[1]),
            shard >= 0, offset >= 0, UserCursor(shard: shard, offset: offset).text == text
        else { throw APIError(.cursorInvalid, field: "cursor") }
        self.init(shard: shard, offset: offset)
    }
}
