package import Persistence

// The bytes of the account types, used by the log's records and by snapshots alike. Field order is
// the format: docs/formats/records.md has it in words, Tests/Golden has it in bytes.

extension ByteWriter {
    package mutating func write(_ role: Role) {
        switch role {
        case .admin: write(UInt8(1))
        case .member: write(UInt8(2))
        }
    }

    /// All of a user but its sessions, which have records of their own.
    package mutating func write(_ user: User) {
        write(user.id)
        write(user.email)
        write(user.passwordHash)
        write(user.role)
        writeOptional(user.phone) { $0.write($1) }
        write(user.isDisabled)
        write(user.createdAt)
        writeOptional(user.secondFactor) { $0.write($1) }
        writeOptional(user.pendingSetup) { $0.write($1) }
        write(user.guesses)
        write(user.isTOTPLocked)
        writeArray(user.tempTokens) { $0.write($1) }
        writeOptional(user.resetToken) { $0.write($1) }
        writeArray(user.knownSources) { $0.write($1) }
        writeArray(user.activity) { $0.write($1) }
        write(user.changedAt)
    }

    package mutating func write(_ factor: SecondFactor) {
        write(factor.sealedSecret)
        write(factor.lastStep)
        writeArray(factor.backupCodeHashes) { writer, hash in
            writer.writeOptional(hash) { $0.write($1) }
        }
        write(factor.enrolledAt)
    }

    package mutating func write(_ setup: PendingSetup) {
        write(setup.sealedSecret)
        write(setup.token)
        write(setup.expiresAt)
        writeVarint(UInt64(setup.guessesLeft))
    }

    package mutating func write(_ token: TempToken) {
        write(token.digest)
        write(token.expiresAt)
        writeVarint(UInt64(token.guessesLeft))
    }

    package mutating func write(_ token: ResetToken) {
        write(token.digest)
        write(token.expiresAt)
    }

    package mutating func write(_ session: Session) {
        write(session.id)
        write(session.digest)
        write(session.user)
        write(session.createdAt)
        write(session.authenticatedAt)
        write(session.expiresAt)
        write(session.userAgent)
        write(session.address)
    }

    package mutating func write(_ activity: Activity) {
        write(activity.kind.rawValue)
        write(activity.at)
        write(activity.trace)
        write(activity.address)
        write(activity.userAgent)
        writeVarint(UInt64(activity.count))
    }
}

extension ByteReader {
    package mutating func readUserID() throws(DecodingFault) -> UserID { try readIdentifier() }

    package mutating func readOptionalString() throws(DecodingFault) -> String? {
        try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readString()
        }
    }

    package mutating func readOptionalBytes() throws(DecodingFault) -> [UInt8]? {
        try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readBytes()
        }
    }

    package mutating func readOptionalDigest() throws(DecodingFault) -> TokenDigest? {
        try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readDigest()
        }
    }

    package mutating func readRole() throws(DecodingFault) -> Role {
        switch try read(UInt8.self) {
        case 1: .admin
        case 2: .member
        case let other: throw .invalidValue("role \(other)")
        }
    }

    package mutating func readUser() throws(DecodingFault) -> User {
        let id = try readUserID()
        let email = try readString()
        let hash = try readString()
        let role = try readRole()
        let phone = try readOptionalString()
        let isDisabled = try readBool()
        var user = User(
            id: id, email: email, passwordHash: hash, role: role, phone: phone,
            createdAt: try readTimestamp())
        user.isDisabled = isDisabled
        user.secondFactor = try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readSecondFactor()
        }
        user.pendingSetup = try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readPendingSetup()
        }
        user.guesses = try readAttemptDelay()
        user.isTOTPLocked = try readBool()
        user.tempTokens = try array { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readTempToken()
        }
        user.resetToken = try optional { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readResetToken()
        }
        user.knownSources = try array { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readSourceBucket()
        }
        user.activity = try array { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readActivity()
        }
        user.changedAt = try read(UInt64.self)
        return user
    }

    package mutating func readSecondFactor() throws(DecodingFault) -> SecondFactor {
        let sealed = try readBytes()
        let lastStep = try read(Int64.self)
        let hashes = try array { (reader: inout ByteReader) throws(DecodingFault) in
            try reader.readOptionalString()
        }
        return SecondFactor(
            sealedSecret: sealed, lastStep: lastStep, backupCodeHashes: hashes,
            enrolledAt: try readTimestamp())
    }

    package mutating func readPendingSetup() throws(DecodingFault) -> PendingSetup {
        let sealed = try readBytes()
        let token = try readDigest()
        let expiresAt = try readTimestamp()
        return PendingSetup(
            sealedSecret: sealed, token: token, expiresAt: expiresAt,
            guessesLeft: try readSmallCount())
    }

    package mutating func readTempToken() throws(DecodingFault) -> TempToken {
        let digest = try readDigest()
        let expiresAt = try readTimestamp()
        return TempToken(digest: digest, expiresAt: expiresAt, guessesLeft: try readSmallCount())
    }

    package mutating func readResetToken() throws(DecodingFault) -> ResetToken {
        let digest = try readDigest()
        return ResetToken(digest: digest, expiresAt: try readTimestamp())
    }

    package mutating func readSession() throws(DecodingFault) -> Session {
        let id: SessionID = try readIdentifier()
        let digest = try readDigest()
        let user = try readUserID()
        let createdAt = try readTimestamp()
        let authenticatedAt = try readTimestamp()
        let expiresAt = try readTimestamp()
        let userAgent = try readString()
        return Session(
            id: id, digest: digest, user: user, createdAt: createdAt,
            authenticatedAt: authenticatedAt, expiresAt: expiresAt, userAgent: userAgent,
            address: try readString())
    }

    package mutating func readActivity() throws(DecodingFault) -> Activity {
        let number = try read(UInt8.self)
        guard let kind = Activity.Kind(rawValue: number) else {
            throw .invalidValue("activity \(number)")
        }
        let at = try readTimestamp()
        let trace = try readTraceID()
        let address = try readString()
        let userAgent = try readString()
        return Activity(
            kind: kind, at: at, trace: trace, address: address, userAgent: userAgent,
            count: try readSmallCount())
    }

    /// A number that is no length: bounded so that it always fits an Int.
    package mutating func readSmallCount() throws(DecodingFault) -> Int {
        let value = try readVarint()
        guard value <= UInt64(Int32.max) else { throw .invalidValue("count \(value)") }
        return Int(value)
    }
}
