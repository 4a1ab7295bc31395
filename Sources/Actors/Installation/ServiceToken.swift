import Persistence

/// A long-lived secret of a program, with what it may do. Only the digest is kept.
package struct ServiceToken: Sendable, Equatable {
    package var id: ServiceTokenID
    package var digest: TokenDigest
    package var name: String
    package var scopes: [TokenScope]
    package var createdBy: UserID
    package var createdAt: Timestamp
    /// Nil means that only an admin ends it.
    package var expiresAt: Timestamp?

    package init(
        id: ServiceTokenID, digest: TokenDigest, name: String, scopes: [TokenScope],
        createdBy: UserID, createdAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.id = id
        self.digest = digest
        self.name = name
        self.scopes = scopes
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    package func isExpired(at now: Timestamp) -> Bool { expiresAt.map { now >= $0 } ?? false }

    /// Unicode scalars in a name: enough for "staging ingest, Frankfurt", short enough for a list.
    package static let nameScalarsMax = 100
    /// Ten years: longer means never, which is said by leaving the expiry out.
    package static let expiryDaysMax = 3650
    package static let scopesMax = 64
}

/// A token as an admin sees it.
package struct ServiceTokenView: Sendable {
    package var token: ServiceToken
    /// Coarse: written at most once a minute.
    package var lastUsedAt: Timestamp?

    package init(token: ServiceToken, lastUsedAt: Timestamp?) {
        self.token = token
        self.lastUsedAt = lastUsedAt
    }
}

extension ByteWriter {
    mutating func write(_ token: ServiceToken) {
        write(token.id)
        write(token.digest)
        write(token.name)
        writeArray(token.scopes) { $0.write($1.text) }
        write(token.createdBy)
        write(token.createdAt)
        writeOptional(token.expiresAt) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readServiceToken() throws(DecodingFault) -> ServiceToken {
        let id: ServiceTokenID = try readIdentifier()
        let digest = try readDigest()
        let name = try readString()
        let scopes = try array { (reader: inout ByteReader) throws(DecodingFault) in
            let text = try reader.readString()
            guard let scope = TokenScope(text: text) else { throw .invalidValue("scope \(text)") }
            return scope
        }
        let createdBy = try readUserID()
        let createdAt = try readTimestamp()
        return ServiceToken(
            id: id, digest: digest, name: name, scopes: scopes, createdBy: createdBy,
            createdAt: createdAt,
            expiresAt: try optional { (reader: inout ByteReader) throws(DecodingFault) in
                try reader.readTimestamp()
            })
    }
}
