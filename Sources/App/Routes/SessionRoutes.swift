package import Actors
import HTTPTypes
package import NIOCore

/// Looking at sessions and ending them.
struct SessionRoutes: Sendable {
    let accounts: AccountDirectory
    let clock: any WallClock

    var endpoints: [Endpoint] { [current, list, end, endOthers] }

    static let currentPath = "/api/auth/session"

    /// The hottest read: a session's holder, or a service that was shown a session's cookie, asks
    /// who it is. The answer is written by hand.
    private var current: Endpoint {
        Endpoint(
            .get, Self.currentPath,
            "Who is signed in; a token with session:read may pass a user's cookie along",
            access: .sessionOrScope(.sessionRead), rateClass: .reads,
            response: .json(status: 200, UserSessionEnvelope.schema)
        ) { call throws(APIError) in
            Reply(.ok, .openObject(SessionAnswer.bytes(try await principal(of: call))))
        }
    }

    private func principal(of call: Call) async throws(APIError) -> SessionPrincipal {
        switch call.caller {
        case .session(let principal):
            return principal
        case .token:
            guard let secret = SessionCookie.secret(in: call.headers) else {
                throw APIError(.notSignedIn)
            }
            let principal = try await accountRule { () throws(AccountError) in
                try await accounts.authenticate(secret, at: call.now)
            }
            guard let principal else { throw APIError(.notSignedIn) }
            return principal
        case .anonymous:
            throw APIError(.notSignedIn)
        }
    }

    private struct ListEnvelope: Encodable { let sessions: [SessionJSON] }

    private var list: Endpoint {
        Endpoint(
            .get, "/api/auth/sessions", "All live sessions of this account, newest first",
            access: .session(stepUp: false), rateClass: .reads,
            response: .json(
                status: 200, .object([.init("sessions", .array(SessionJSON.schema))]))
        ) { call throws(APIError) in
            let caller = try call.session()
            let owner = try await accountRule { () throws(AccountError) in
                try accounts.owner(of: caller.user.id)
            }
            let sessions = await owner.sessions(of: caller.user.id, at: call.now)
            return .object(
                ListEnvelope(
                    sessions: sessions.map {
                        SessionJSON(session: $0, isCurrent: $0.id == caller.session.id)
                    }))
        }
    }

    private var end: Endpoint {
        Endpoint(
            .delete, "/api/auth/sessions/{id}", "End one session",
            access: .session(stepUp: true),
            response: .json(status: 200, EmptyEnvelope.schema),
            errors: [.sessionUnknown, .storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            guard let id = SessionID(call.parameter("id")) else {
                throw APIError(.sessionUnknown)
            }
            try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id)
                    .endSession(id, of: caller.user.id, by: caller.digest, context: call.context)
            }
            return .object(EmptyEnvelope(), cookie: id == caller.session.id ? .clear : .keep)
        }
    }

    private struct EndedEnvelope: Encodable { let ended: Int }

    private var endOthers: Endpoint {
        Endpoint(
            .post, "/api/auth/sessions/end-others", "End every session but this one",
            access: .session(stepUp: true),
            response: .json(status: 200, .object([.init("ended", .integer)])),
            errors: [.storageFull]
        ) { call throws(APIError) in
            let caller = try call.session()
            let ended = try await accountRule { () throws(AccountError) in
                try await accounts.owner(of: caller.user.id).endOtherSessions(
                    of: caller.user.id, keeping: caller.digest, context: call.context)
            }
            return .object(EndedEnvelope(ended: ended))
        }
    }
}

/// `{"user":{…},"session":{…}` without the closing brace, byte for byte what Codable would write.
package enum SessionAnswer {
    package static func bytes(_ principal: SessionPrincipal) -> ByteBuffer {
        var json = JSONWriter(capacity: 640)
        let user = principal.user
        json.beginObject()
        json.key("user")
        json.beginObject()
        json.member("id", user.id.description)
        json.member("email", user.email)
        json.member("role", user.role.rawValue)
        json.member("phone_e164", user.phone)
        json.member("two_factor_enabled", user.twoFactorEnabled)
        json.member("two_factor_enrolled_at", user.twoFactorEnrolledAt)
        json.member("backup_codes_remaining", user.backupCodesRemaining)
        json.member("created_at", user.createdAt)
        json.member("disabled", user.isDisabled)
        json.endObject()
        let session = principal.session
        json.key("session")
        json.beginObject()
        json.member("id", session.id.description)
        json.member("current", true)
        json.member("created_at", session.createdAt)
        json.member("last_seen_at", session.lastSeenAt)
        json.member("authenticated_at", session.authenticatedAt)
        json.member("idle_expires_at", session.idleExpiresAt)
        json.member("expires_at", session.expiresAt)
        json.member("user_agent", session.userAgent)
        json.member("address", session.address)
        json.endObject()
        return ByteBuffer(bytes: json.bytes)
    }
}
