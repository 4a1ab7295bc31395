package import Persistence

/// A fact that concerns the whole installation; all of them live in shard 0.
package enum InstallationEvent: Sendable, Equatable {
    /// The account that becomes the first admin. The claim comes before the account itself, which
    /// may be in another shard.
    case firstAdminClaimed(UserID)
    case tokenMinted(ServiceToken)
    case tokenRevoked(ServiceTokenID)

    /// Numbers on disk; never reused. 100–149 belong to the installation.
    private enum Kind: UInt16 {
        case firstAdminClaimed = 100
        case tokenMinted = 101
        case tokenRevoked = 102
    }

    package static let kinds: ClosedRange<UInt16> = 100...149
}

extension InstallationEvent: LogRecord {
    package var version: UInt8 { 1 }

    package var kind: UInt16 {
        let kind: Kind =
            switch self {
            case .firstAdminClaimed: .firstAdminClaimed
            case .tokenMinted: .tokenMinted
            case .tokenRevoked: .tokenRevoked
            }
        return kind.rawValue
    }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .firstAdminClaimed(let user): writer.write(user)
        case .tokenMinted(let token): writer.write(token)
        case .tokenRevoked(let id): writer.write(id)
        }
    }

    package init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        guard version == 1, let known = Kind(rawValue: kind) else {
            throw .unknownKind(kind, version: version)
        }
        switch known {
        case .firstAdminClaimed: self = .firstAdminClaimed(try reader.readUserID())
        case .tokenMinted: self = .tokenMinted(try reader.readServiceToken())
        case .tokenRevoked: self = .tokenRevoked(try reader.readIdentifier())
        }
    }
}
