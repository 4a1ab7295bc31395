import Crypto
import Persistence

/// What a sealed secret is used for. It is part of the associated data, so a secret copied into
/// another place of the log does not open there. The texts are written for ever: never change one.
package enum SealPurpose: String, CaseIterable, Sendable {
    /// The shared secret of a confirmed second factor.
    case totpSecret = "totp secret"
    /// The shared secret of a setup that is not yet confirmed.
    case totpSetup = "totp setup"
}

package enum SealError: Error, Equatable, Sendable {
    /// Too short to be a sealed secret.
    case malformed
    /// Sealed under a data key that this keyring does not hold.
    case unknownDataKey(id: UInt32)
    /// Changed, or sealed for another user or another purpose.
    case notAuthentic
}

/// The bytes of a secret as they are kept in the log: data key id (4, little endian), nonce (12),
/// ciphertext, tag (16). AES-256-GCM (NIST SP 800-38D) with user and purpose as associated data.
struct SealedSecret {
    let keyID: UInt32
    let box: AES.GCM.SealedBox

    private static let keyIDByteCount = 4
    static let nonceByteCount = 12
    static let tagByteCount = 16

    init(keyID: UInt32, box: AES.GCM.SealedBox) {
        self.keyID = keyID
        self.box = box
    }

    init(_ bytes: [UInt8]) throws(SealError) {
        var reader = ByteReader(bytes)
        do {
            keyID = try reader.read(UInt32.self)
            box = try AES.GCM.SealedBox(combined: try reader.readRaw(reader.remaining))
        } catch {
            throw .malformed
        }
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(keyID)
        writer.writeRaw(box.nonce)
        writer.writeRaw(box.ciphertext)
        writer.writeRaw(box.tag)
        return writer.bytes
    }

    /// The user's id has a fixed length, so two pairs never give the same bytes.
    static func associatedData(user: UserID, purpose: SealPurpose) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(user)
        writer.writeRaw(purpose.rawValue.utf8)
        return writer.bytes
    }
}
