/// What a person may do. The first account of an installation is the admin.
package enum Role: String, Sendable, CaseIterable {
    case admin
    case member
}

/// A user as its owner and an admin see it: nothing secret is in it.
package struct UserView: Sendable, Equatable {
    package var id: UserID
    package var email: String
    package var role: Role
    package var phone: String?
    package var isDisabled: Bool
    package var twoFactorEnrolledAt: Timestamp?
    package var backupCodesRemaining: Int
    package var createdAt: Timestamp

    package var twoFactorEnabled: Bool { twoFactorEnrolledAt != nil }
}

/// A session as its owner sees it.
package struct SessionView: Sendable, Equatable {
    package var id: SessionID
    package var createdAt: Timestamp
    /// Coarse: written at most once a minute.
    package var lastSeenAt: Timestamp
    /// When password (and second factor) were last proved: what step-up is measured from.
    package var authenticatedAt: Timestamp
    package var idleExpiresAt: Timestamp
    package var expiresAt: Timestamp
    package var userAgent: String
    package var address: String
}

/// Who calls with a valid session.
package struct SessionPrincipal: Sendable, Equatable {
    package var user: UserView
    package var session: SessionView
    package var digest: TokenDigest
}

/// What a service token may be used for. `call` scopes name one integration.
package enum TokenScope: Hashable, Sendable {
    case sessionRead
    case usageWrite
    case usageRead
    case alertsSend
    case statusRead
    case metricsRead
    /// `call:{integration}`, or `call:{integration}:read` for requests that change nothing.
    case call(integration: String, readOnly: Bool)

    package var text: String {
        switch self {
        case .sessionRead: "session:read"
        case .usageWrite: "usage:write"
        case .usageRead: "usage:read"
        case .alertsSend: "alerts:send"
        case .statusRead: "status:read"
        case .metricsRead: "metrics:read"
        case .call(let integration, let readOnly): "call:\(integration)" + (readOnly ? ":read" : "")
        }
    }

    package init?(text: String) {
        switch text {
        case "session:read": self = .sessionRead
        case "usage:write": self = .usageWrite
        case "usage:read": self = .usageRead
        case "alerts:send": self = .alertsSend
        case "status:read": self = .statusRead
        case "metrics:read": self = .metricsRead
        default:
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2 || (parts.count == 3 && parts[2] == "read"), parts[0] == "call",
                !parts[1].isEmpty, parts[1].utf8.count <= 64,
                parts[1].utf8.allSatisfy({
                    (97...122).contains($0) || (48...57).contains($0) || $0 == 45
                })
            else { return nil }
            self = .call(integration: String(parts[1]), readOnly: parts.count == 3)
        }
    }
}

/// Who calls with a valid service token.
package struct TokenPrincipal: Sendable, Equatable {
    package var id: ServiceTokenID
    package var name: String
    package var scopes: Set<TokenScope>

    package init(id: ServiceTokenID, name: String, scopes: Set<TokenScope>) {
        self.id = id
        self.name = name
        self.scopes = scopes
    }
}
