package import Persistence

/// A fact about accounts, in the past tense and as small as it can be. `AccountState.apply` is the
/// only thing that gives it meaning; replaying all of them rebuilds the state.
package enum AccountEvent: Sendable, Equatable {
    case registered(User)
    case sessionStarted(Session)
    /// The token changes and the authentication is fresh; id, creation and absolute end stay.
    case sessionRotated(from: TokenDigest, to: Session)
    case sessionsEnded(UserID, [TokenDigest])
    /// Ends every temp_token and reset token, and clears the delay after wrong codes.
    case passwordChanged(UserID, hash: String)
    case phoneChanged(UserID, String?)
    case roleChanged(UserID, Role)
    /// Disabling ends every temp_token and reset token; sessions end by their own event.
    case disabledChanged(UserID, Bool)
    case setupStarted(UserID, PendingSetup)
    case secondFactorEnabled(UserID, SecondFactor)
    case secondFactorRemoved(UserID)
    case backupCodesReplaced(UserID, hashes: [String])
    case tempTokenIssued(UserID, TempToken)
    case tempTokenEnded(UserID, TokenDigest)
    /// A guess is taken from the budget: from the account's always, and from its temp_token's or
    /// setup's when the guess came with one.
    case guessDebited(UserID, token: TokenDigest?, at: Timestamp)
    /// The guess was never judged (the server was overloaded): the budget gets it back.
    case guessRefunded(UserID, token: TokenDigest?)
    /// A right code: the step or the backup code is used up and the failures are forgiven.
    case codeAccepted(UserID, UsedCode)
    case totpLocked(UserID)
    case totpUnlocked(UserID)
    case resetTokenIssued(UserID, ResetToken)
    case activityRecorded(UserID, Activity)
    case sourceKnown(UserID, SourceBucket)
    /// The same secrets under a newer data key; nil for what there is none of.
    case secretsResealed(UserID, factor: [UInt8]?, setup: [UInt8]?)
    /// The same password under a newer hash: nothing ends.
    case passwordRehashed(UserID, hash: String)

    package enum UsedCode: Sendable, Equatable {
        case totp(step: Int64)
        case backup(index: Int)
    }

    /// Numbers on disk; never reused. 1–99 belong to accounts.
    private enum Kind: UInt16 {
        case registered = 1
        case sessionStarted = 2
        case sessionRotated = 3
        case sessionsEnded = 4
        case passwordChanged = 5
        case phoneChanged = 6
        case roleChanged = 7
        case disabledChanged = 8
        case setupStarted = 9
        case secondFactorEnabled = 10
        case secondFactorRemoved = 11
        case backupCodesReplaced = 12
        case tempTokenIssued = 13
        case tempTokenEnded = 14
        case guessDebited = 15
        case guessRefunded = 16
        case codeAccepted = 17
        case totpLocked = 18
        case totpUnlocked = 19
        case resetTokenIssued = 20
        case activityRecorded = 21
        case sourceKnown = 22
        case secretsResealed = 23
        case passwordRehashed = 24
    }

    package static let kinds: ClosedRange<UInt16> = 1...99
}

extension AccountEvent: LogRecord {
    package var version: UInt8 { 1 }

    package var kind: UInt16 {
        let kind: Kind =
            switch self {
            case .registered: .registered
            case .sessionStarted: .sessionStarted
            case .sessionRotated: .sessionRotated
            case .sessionsEnded: .sessionsEnded
            case .passwordChanged: .passwordChanged
            case .phoneChanged: .phoneChanged
            case .roleChanged: .roleChanged
            case .disabledChanged: .disabledChanged
            case .setupStarted: .setupStarted
            case .secondFactorEnabled: .secondFactorEnabled
            case .secondFactorRemoved: .secondFactorRemoved
            case .backupCodesReplaced: .backupCodesReplaced
            case .tempTokenIssued: .tempTokenIssued
            case .tempTokenEnded: .tempTokenEnded
            case .guessDebited: .guessDebited
            case .guessRefunded: .guessRefunded
            case .codeAccepted: .codeAccepted
            case .totpLocked: .totpLocked
            case .totpUnlocked: .totpUnlocked
            case .resetTokenIssued: .resetTokenIssued
            case .activityRecorded: .activityRecorded
            case .sourceKnown: .sourceKnown
            case .secretsResealed: .secretsResealed
            case .passwordRehashed: .passwordRehashed
            }
        return kind.rawValue
    }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .registered(let user):
            writer.write(user)
        case .sessionStarted(let session):
            writer.write(session)
        case .sessionRotated(let old, let session):
            writer.write(old)
            writer.write(session)
        case .sessionsEnded(let user, let digests):
            writer.write(user)
            writer.writeArray(digests) { $0.write($1) }
        case .passwordChanged(let user, let hash), .passwordRehashed(let user, let hash):
            writer.write(user)
            writer.write(hash)
        case .phoneChanged(let user, let phone):
            writer.write(user)
            writer.writeOptional(phone) { $0.write($1) }
        case .roleChanged(let user, let role):
            writer.write(user)
            writer.write(role)
        case .disabledChanged(let user, let isDisabled):
            writer.write(user)
            writer.write(isDisabled)
        case .setupStarted(let user, let setup):
            writer.write(user)
            writer.write(setup)
        case .secondFactorEnabled(let user, let factor):
            writer.write(user)
            writer.write(factor)
        case .secondFactorRemoved(let user), .totpLocked(let user), .totpUnlocked(let user):
            writer.write(user)
        case .backupCodesReplaced(let user, let hashes):
            writer.write(user)
            writer.writeArray(hashes) { $0.write($1) }
        case .tempTokenIssued(let user, let token):
            writer.write(user)
            writer.write(token)
        case .tempTokenEnded(let user, let digest):
            writer.write(user)
            writer.write(digest)
        case .guessDebited(let user, let token, let at):
            writer.write(user)
            writer.writeOptional(token) { $0.write($1) }
            writer.write(at)
        case .guessRefunded(let user, let token):
            writer.write(user)
            writer.writeOptional(token) { $0.write($1) }
        case .codeAccepted(let user, .totp(let step)):
            writer.write(user)
            writer.write(UInt8(0))
            writer.write(step)
        case .codeAccepted(let user, .backup(let index)):
            writer.write(user)
            writer.write(UInt8(1))
            writer.write(Int64(index))
        case .resetTokenIssued(let user, let token):
            writer.write(user)
            writer.write(token)
        case .activityRecorded(let user, let activity):
            writer.write(user)
            writer.write(activity)
        case .sourceKnown(let user, let source):
            writer.write(user)
            writer.write(source)
        case .secretsResealed(let user, let factor, let setup):
            writer.write(user)
            writer.writeOptional(factor) { $0.write($1) }
            writer.writeOptional(setup) { $0.write($1) }
        }
    }

    package init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        guard version == 1, let known = Kind(rawValue: kind) else {
            throw .unknownKind(kind, version: version)
        }
        switch known {
        case .registered:
            self = .registered(try reader.readUser())
        case .sessionStarted:
            self = .sessionStarted(try reader.readSession())
        case .sessionRotated:
            let old = try reader.readDigest()
            self = .sessionRotated(from: old, to: try reader.readSession())
        case .sessionsEnded:
            let user = try reader.readUserID()
            self = .sessionsEnded(
                user,
                try reader.array { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readDigest()
                })
        case .passwordChanged:
            let user = try reader.readUserID()
            self = .passwordChanged(user, hash: try reader.readString())
        case .phoneChanged:
            let user = try reader.readUserID()
            self = .phoneChanged(user, try reader.readOptionalString())
        case .roleChanged:
            let user = try reader.readUserID()
            self = .roleChanged(user, try reader.readRole())
        case .disabledChanged:
            let user = try reader.readUserID()
            self = .disabledChanged(user, try reader.readBool())
        case .setupStarted:
            let user = try reader.readUserID()
            self = .setupStarted(user, try reader.readPendingSetup())
        case .secondFactorEnabled:
            let user = try reader.readUserID()
            self = .secondFactorEnabled(user, try reader.readSecondFactor())
        case .secondFactorRemoved:
            self = .secondFactorRemoved(try reader.readUserID())
        case .backupCodesReplaced:
            let user = try reader.readUserID()
            self = .backupCodesReplaced(
                user,
                hashes: try reader.array { (reader: inout ByteReader) throws(DecodingFault) in
                    try reader.readString()
                })
        case .tempTokenIssued:
            let user = try reader.readUserID()
            self = .tempTokenIssued(user, try reader.readTempToken())
        case .tempTokenEnded:
            let user = try reader.readUserID()
            self = .tempTokenEnded(user, try reader.readDigest())
        case .guessDebited:
            let user = try reader.readUserID()
            let token = try reader.readOptionalDigest()
            self = .guessDebited(user, token: token, at: try reader.readTimestamp())
        case .guessRefunded:
            let user = try reader.readUserID()
            self = .guessRefunded(user, token: try reader.readOptionalDigest())
        case .codeAccepted:
            let user = try reader.readUserID()
            let factor = try reader.read(UInt8.self)
            let value = try reader.read(Int64.self)
            switch factor {
            case 0: self = .codeAccepted(user, .totp(step: value))
            case 1: self = .codeAccepted(user, .backup(index: Int(value)))
            case let other: throw .invalidValue("used code \(other)")
            }
        case .totpLocked:
            self = .totpLocked(try reader.readUserID())
        case .totpUnlocked:
            self = .totpUnlocked(try reader.readUserID())
        case .resetTokenIssued:
            let user = try reader.readUserID()
            self = .resetTokenIssued(user, try reader.readResetToken())
        case .activityRecorded:
            let user = try reader.readUserID()
            self = .activityRecorded(user, try reader.readActivity())
        case .sourceKnown:
            let user = try reader.readUserID()
            self = .sourceKnown(user, try reader.readSourceBucket())
        case .passwordRehashed:
            let user = try reader.readUserID()
            self = .passwordRehashed(user, hash: try reader.readString())
        case .secretsResealed:
            let user = try reader.readUserID()
            let factor = try reader.readOptionalBytes()
            self = .secretsResealed(user, factor: factor, setup: try reader.readOptionalBytes())
        }
    }
}
