import Actors

// The account types as they go over the wire. Absent values are written as null, so that every
// answer has the same members.

struct UserJSON: Encodable, Sendable {
    let user: UserView

    private enum Key: String, CodingKey {
        case id, email, role
        case phone = "phone_e164"
        case twoFactorEnabled = "two_factor_enabled"
        case twoFactorEnrolledAt = "two_factor_enrolled_at"
        case backupCodesRemaining = "backup_codes_remaining"
        case createdAt = "created_at"
        case disabled
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(user.id.description, forKey: .id)
        try object.encode(user.email, forKey: .email)
        try object.encode(user.role.rawValue, forKey: .role)
        try object.encode(user.phone, forKey: .phone)
        try object.encode(user.twoFactorEnabled, forKey: .twoFactorEnabled)
        try object.encode(user.twoFactorEnrolledAt?.rfc3339, forKey: .twoFactorEnrolledAt)
        try object.encode(user.backupCodesRemaining, forKey: .backupCodesRemaining)
        try object.encode(user.createdAt.rfc3339, forKey: .createdAt)
        try object.encode(user.isDisabled, forKey: .disabled)
    }

    static let schema = Schema.named(
        "User",
        .object([
            .init("id", .string(example: "usr_000401kdk3xw8e7qz1p5x6m2y3n4b5")),
            .init("email", .string(format: "email")),
            .init("role", .enumeration(Role.allCases.map(\.rawValue))),
            .init("phone_e164", .nullable(.string(example: "+14155550100"))),
            .init("two_factor_enabled", .boolean),
            .init("two_factor_enrolled_at", .nullable(.string(format: "date-time"))),
            .init("backup_codes_remaining", .integer),
            .init("created_at", .string(format: "date-time")),
            .init("disabled", .boolean),
        ]))
}

struct SessionJSON: Encodable, Sendable {
    let session: SessionView
    let isCurrent: Bool

    private enum Key: String, CodingKey {
        case id, current
        case createdAt = "created_at"
        case lastSeenAt = "last_seen_at"
        case authenticatedAt = "authenticated_at"
        case idleExpiresAt = "idle_expires_at"
        case expiresAt = "expires_at"
        case userAgent = "user_agent"
        case address
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(session.id.description, forKey: .id)
        try object.encode(isCurrent, forKey: .current)
        try object.encode(session.createdAt.rfc3339, forKey: .createdAt)
        try object.encode(session.lastSeenAt.rfc3339, forKey: .lastSeenAt)
        try object.encode(session.authenticatedAt.rfc3339, forKey: .authenticatedAt)
        try object.encode(session.idleExpiresAt.rfc3339, forKey: .idleExpiresAt)
        try object.encode(session.expiresAt.rfc3339, forKey: .expiresAt)
        try object.encode(session.userAgent, forKey: .userAgent)
        try object.encode(session.address, forKey: .address)
    }

    static let schema = Schema.named(
        "Session",
        .object([
            .init("id", .string()),
            .init("current", .boolean, note: "Whether this very request used it."),
            .init("created_at", .string(format: "date-time")),
            .init("last_seen_at", .string(format: "date-time"), note: "To the minute."),
            .init("authenticated_at", .string(format: "date-time")),
            .init("idle_expires_at", .string(format: "date-time")),
            .init("expires_at", .string(format: "date-time")),
            .init("user_agent", .string()),
            .init("address", .string()),
        ]))
}

struct ActivityJSON: Encodable, Sendable {
    let activity: Activity

    private enum Key: String, CodingKey {
        case kind, at, address, count
        case userAgent = "user_agent"
        case traceID = "trace_id"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(activity.kind.text, forKey: .kind)
        try object.encode(activity.at.rfc3339, forKey: .at)
        try object.encode(activity.address, forKey: .address)
        try object.encode(activity.userAgent, forKey: .userAgent)
        try object.encode(activity.count, forKey: .count)
        try object.encode(activity.trace.description, forKey: .traceID)
    }

    static let schema = Schema.named(
        "Activity",
        .object([
            .init("kind", .enumeration(Activity.Kind.allCases.map(\.text))),
            .init("at", .string(format: "date-time")),
            .init("address", .string()),
            .init("user_agent", .string()),
            .init("count", .integer, note: "How often it happened in a row from one address."),
            .init("trace_id", .string()),
        ]))
}

struct TokenJSON: Encodable, Sendable {
    let view: ServiceTokenView

    private enum Key: String, CodingKey {
        case id, name, scopes
        case createdBy = "created_by"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        let token = view.token
        try object.encode(token.id.description, forKey: .id)
        try object.encode(token.name, forKey: .name)
        try object.encode(token.scopes.map(\.text), forKey: .scopes)
        try object.encode(token.createdBy.description, forKey: .createdBy)
        try object.encode(token.createdAt.rfc3339, forKey: .createdAt)
        try object.encode(token.expiresAt?.rfc3339, forKey: .expiresAt)
        try object.encode(view.lastUsedAt?.rfc3339, forKey: .lastUsedAt)
    }

    static let schema = Schema.named(
        "Token",
        .object([
            .init("id", .string()),
            .init("name", .string()),
            .init("scopes", .array(.string(example: "usage:write"))),
            .init("created_by", .string()),
            .init("created_at", .string(format: "date-time")),
            .init("expires_at", .nullable(.string(format: "date-time"))),
            .init("last_used_at", .nullable(.string(format: "date-time")), note: "To the minute."),
        ]))
}

// The envelopes of the contract.

struct UserEnvelope: Encodable, Sendable {
    let user: UserJSON

    init(_ user: UserView) { self.user = UserJSON(user: user) }

    static let schema = Schema.object([.init("user", UserJSON.schema)])
}

struct UserSessionEnvelope: Encodable, Sendable {
    let user: UserJSON
    let session: SessionJSON

    init(_ principal: SessionPrincipal) {
        user = UserJSON(user: principal.user)
        session = SessionJSON(session: principal.session, isCurrent: true)
    }

    static let schema = Schema.object([
        .init("user", UserJSON.schema), .init("session", SessionJSON.schema),
    ])
}

/// An answer that says nothing but its trace id.
struct EmptyEnvelope: Encodable, Sendable {
    private enum Key: CodingKey {}

    func encode(to encoder: any Encoder) throws {
        _ = encoder.container(keyedBy: Key.self)
    }

    static let schema = Schema.object([])
}
