import Actors

// Accounts and tokens as operators see them: the members of `UserJSON` and `TokenJSON`, readable as
// well as writable, for they cross the control socket. Absent values are written as null, so that
// every row of `--json` has the same members.

struct UserRow: Codable, Equatable, Sendable {
    let id: String
    let email: String
    let role: String
    let phone: String?
    let twoFactorEnabled: Bool
    let twoFactorEnrolledAt: String?
    let backupCodesRemaining: Int
    let createdAt: String
    let isDisabled: Bool

    enum CodingKeys: String, CodingKey {
        case id, email, role
        case phone = "phone_e164"
        case twoFactorEnabled = "two_factor_enabled"
        case twoFactorEnrolledAt = "two_factor_enrolled_at"
        case backupCodesRemaining = "backup_codes_remaining"
        case createdAt = "created_at"
        case isDisabled = "disabled"
    }

    init(_ user: UserView) {
        id = user.id.description
        email = user.email
        role = user.role.rawValue
        phone = user.phone
        twoFactorEnabled = user.twoFactorEnabled
        twoFactorEnrolledAt = user.twoFactorEnrolledAt?.rfc3339
        backupCodesRemaining = user.backupCodesRemaining
        createdAt = user.createdAt.rfc3339
        isDisabled = user.isDisabled
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(id, forKey: .id)
        try object.encode(email, forKey: .email)
        try object.encode(role, forKey: .role)
        try object.encode(phone, forKey: .phone)
        try object.encode(twoFactorEnabled, forKey: .twoFactorEnabled)
        try object.encode(twoFactorEnrolledAt, forKey: .twoFactorEnrolledAt)
        try object.encode(backupCodesRemaining, forKey: .backupCodesRemaining)
        try object.encode(createdAt, forKey: .createdAt)
        try object.encode(isDisabled, forKey: .isDisabled)
    }
}

struct TokenRow: Codable, Equatable, Sendable {
    let id: String
    let name: String
    let scopes: [String]
    let createdBy: String
    let createdAt: String
    let expiresAt: String?
    let lastUsedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, name, scopes
        case createdBy = "created_by"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }

    init(_ view: ServiceTokenView) {
        id = view.token.id.description
        name = view.token.name
        scopes = view.token.scopes.map(\.text)
        createdBy = view.token.createdBy.description
        createdAt = view.token.createdAt.rfc3339
        expiresAt = view.token.expiresAt?.rfc3339
        lastUsedAt = view.lastUsedAt?.rfc3339
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(id, forKey: .id)
        try object.encode(name, forKey: .name)
        try object.encode(scopes, forKey: .scopes)
        try object.encode(createdBy, forKey: .createdBy)
        try object.encode(createdAt, forKey: .createdAt)
        try object.encode(expiresAt, forKey: .expiresAt)
        try object.encode(lastUsedAt, forKey: .lastUsedAt)
    }
}

/// A token that was just made, with its secret: the answer of `POST /api/tokens`.
struct MintedToken: Codable, Equatable, Sendable {
    let id: String
    let name: String
    let scopes: [String]
    let expiresAt: String?
    /// Shown this once; only its digest is kept.
    let token: String

    enum CodingKeys: String, CodingKey {
        case id, name, scopes, token
        case expiresAt = "expires_at"
    }

    init(_ token: ServiceToken, secret: BearerSecret) {
        id = token.id.description
        name = token.name
        scopes = token.scopes.map(\.text)
        expiresAt = token.expiresAt?.rfc3339
        self.token = secret.text.value
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(id, forKey: .id)
        try object.encode(name, forKey: .name)
        try object.encode(scopes, forKey: .scopes)
        try object.encode(expiresAt, forKey: .expiresAt)
        try object.encode(token, forKey: .token)
    }
}
