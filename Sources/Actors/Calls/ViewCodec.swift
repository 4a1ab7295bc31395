package import Persistence

// The bytes of what servers tell each other of accounts and limits. They are for messages alone and
// kept nowhere, so a new version of a message may change them.

extension ByteWriter {
    package mutating func write(_ user: UserView) {
        write(user.id)
        write(user.email)
        write(user.role)
        writeOptional(user.phone) { $0.write($1) }
        write(user.isDisabled)
        writeOptional(user.twoFactorEnrolledAt) { $0.write($1) }
        writeVarint(UInt64(user.backupCodesRemaining))
        write(user.createdAt)
    }

    package mutating func write(_ session: SessionView) {
        write(session.id)
        write(session.createdAt)
        write(session.lastSeenAt)
        write(session.authenticatedAt)
        write(session.idleExpiresAt)
        write(session.expiresAt)
        write(session.userAgent)
        write(session.address)
    }

    package mutating func write(_ principal: SessionPrincipal) {
        write(principal.user)
        write(principal.session)
        write(principal.digest)
    }

    package mutating func write(_ counts: ShardCounts) {
        writeVarint(UInt64(counts.users))
        writeVarint(UInt64(counts.sessions))
        writeVarint(UInt64(counts.enabledAdmins))
    }

    package mutating func write(_ decision: RateLimitDecision) {
        write(decision.isAllowed)
        writeVarint(UInt64(decision.limit))
        writeVarint(UInt64(max(0, decision.remaining)))
        writeVarint(UInt64(max(0, decision.resetSeconds)))
        writeVarint(UInt64(max(0, decision.retryAfterSeconds)))
        writeVarint(UInt64(decision.policy.quota))
        writeVarint(UInt64(decision.policy.windowSeconds))
        writeVarint(UInt64(decision.policy.burst))
    }
}

extension ByteReader {
    package mutating func readUserView() throws(DecodingFault) -> UserView {
        let id = try readUserID()
        let email = try readString()
        let role = try readRole()
        let phone = try readOptionalString()
        let isDisabled = try readBool()
        let enrolledAt = try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readTimestamp()
        }
        let codes = try readSmallCount()
        return UserView(
            id: id, email: email, role: role, phone: phone, isDisabled: isDisabled,
            twoFactorEnrolledAt: enrolledAt, backupCodesRemaining: codes,
            createdAt: try readTimestamp())
    }

    package mutating func readSessionView() throws(DecodingFault) -> SessionView {
        let id: SessionID = try readIdentifier()
        let createdAt = try readTimestamp()
        let lastSeenAt = try readTimestamp()
        let authenticatedAt = try readTimestamp()
        let idleExpiresAt = try readTimestamp()
        let expiresAt = try readTimestamp()
        let userAgent = try readString()
        return SessionView(
            id: id, createdAt: createdAt, lastSeenAt: lastSeenAt,
            authenticatedAt: authenticatedAt, idleExpiresAt: idleExpiresAt, expiresAt: expiresAt,
            userAgent: userAgent, address: try readString())
    }

    package mutating func readSessionPrincipal() throws(DecodingFault) -> SessionPrincipal {
        let user = try readUserView()
        let session = try readSessionView()
        return SessionPrincipal(user: user, session: session, digest: try readDigest())
    }

    package mutating func readShardCounts() throws(DecodingFault) -> ShardCounts {
        let users = try readSmallCount()
        let sessions = try readSmallCount()
        return ShardCounts(
            users: users, sessions: sessions, enabledAdmins: try readSmallCount())
    }

    package mutating func readRateLimitDecision() throws(DecodingFault) -> RateLimitDecision {
        let isAllowed = try readBool()
        let limit = try readSmallCount()
        let remaining = try readSmallCount()
        let resetSeconds = try readSmallCount()
        let retryAfterSeconds = try readSmallCount()
        let quota = try readSmallCount()
        let windowSeconds = try readSmallCount()
        let burst = try readSmallCount()
        guard RateLimitPolicy.quotaRange.contains(quota),
            RateLimitPolicy.windowSecondsRange.contains(windowSeconds),
            RateLimitPolicy.burstRange.contains(burst)
        else { throw .invalidValue("a limit of \(quota) in \(windowSeconds) s") }
        return RateLimitDecision(
            isAllowed: isAllowed, limit: limit, remaining: remaining, resetSeconds: resetSeconds,
            retryAfterSeconds: retryAfterSeconds,
            policy: RateLimitPolicy(quota: quota, windowSeconds: windowSeconds, burst: burst))
    }
}
