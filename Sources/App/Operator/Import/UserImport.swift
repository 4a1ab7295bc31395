import Actors

/// One account of another system, as a line of the import says it.
struct ImportedUser: Codable, Equatable, Sendable {
    let email: String
    /// Verified at the owner's first sign-in and replaced by ours then.
    let passwordHash: String
    let role: String?
    let phone: String?
    let createdAt: String?

    enum CodingKeys: String, CodingKey {
        case email, role
        case passwordHash = "password_hash"
        case phone = "phone_e164"
        case createdAt = "created_at"
    }

    /// What came of a line.
    enum Outcome: Codable, Equatable, Sendable {
        case imported
        /// The address has an account already; it was left alone.
        case exists
        case refused(String)
    }
}

/// A line whose every field is allowed.
struct CheckedImport: Sendable {
    let email: EmailAddress
    let passwordHash: String
    let role: Role
    let phone: PhoneNumber?
    /// Nil stands for now.
    let createdAt: Timestamp?

    struct Rejection: Error { let reason: String }

    /// - Throws: the first thing that is wrong, for people. The hash is in no message.
    init(_ user: ImportedUser, at now: Timestamp) throws(Rejection) {
        do {
            email = try EmailAddress(user.email)
        } catch {
            throw Rejection(reason: "the email is no address")
        }
        do throws(ForeignHash.Rejection) {
            _ = try ForeignHash(user.passwordHash)
        } catch {
            throw Rejection(reason: "\(error)")
        }
        passwordHash = user.passwordHash
        switch user.role {
        case nil, Role.member.rawValue?: role = .member
        case Role.admin.rawValue?: role = .admin
        default: throw Rejection(reason: "the role is neither admin nor member")
        }
        if let text = user.phone {
            guard let number = PhoneNumber(text) else {
                throw Rejection(reason: "phone_e164 is no number such as +14155550100")
            }
            phone = number
        } else {
            phone = nil
        }
        if let text = user.createdAt {
            guard let time = Timestamp(rfc3339: text.utf8), time <= now else {
                throw Rejection(reason: "created_at is no time of the past (RFC 3339)")
            }
            createdAt = time
        } else {
            createdAt = nil
        }
    }
}
