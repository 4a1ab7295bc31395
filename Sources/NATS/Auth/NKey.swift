import Crypto

/// An Ed25519 key pair of a user, as NATS writes it down: `SU…` is the seed, `U…` the public key.
///
/// Both are base 32 of prefix, 32 bytes and a CRC-16, lowest byte first. A public key's prefix is
/// one byte; a seed has two, with what kind of key it is spread over both.
package struct NKey: Sendable {
    package let publicKey: String
    private let key: Curve25519.Signing.PrivateKey

    private static let seedPrefix: UInt8 = 18 << 3
    private static let userPrefix: UInt8 = 20 << 3
    private static let keyBytes = 32
    private static let checksumBytes = 2

    package init(seed: String) throws(CredentialsError) {
        guard let bytes = Base32.decode(seed) else { throw .malformedSeed("it is not base 32") }
        guard bytes.count == 2 + Self.keyBytes + Self.checksumBytes else {
            throw .malformedSeed("it has the wrong length")
        }
        let body = bytes.dropLast(Self.checksumBytes)
        let checksum = UInt16(bytes[body.count]) | UInt16(bytes[body.count + 1]) << 8
        guard CRC16.of(body) == checksum else {
            throw .malformedSeed("its checksum does not agree: a character is wrong")
        }
        guard bytes[0] & 0xf8 == Self.seedPrefix else { throw .malformedSeed("it is no seed") }
        guard bytes[0] << 5 | bytes[1] >> 3 == Self.userPrefix else {
            throw .malformedSeed("it is not the seed of a user, which begins with SU")
        }
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: body.dropFirst(2))
        } catch {
            throw .malformedSeed("\(error)")
        }
        var written = [Self.userPrefix] + Array(key.publicKey.rawRepresentation)
        let sum = CRC16.of(written)
        written += [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
        publicKey = Base32.encode(written)
    }

    func signature(of nonce: String) throws(CredentialsError) -> [UInt8] {
        do {
            return Array(try key.signature(for: Array(nonce.utf8)))
        } catch {
            throw .cannotSign("\(error)")
        }
    }
}

/// Why credentials are of no use. Nothing secret is in the text.
package enum CredentialsError: Error, Equatable, Sendable, CustomStringConvertible {
    case malformedSeed(String)
    case malformedFile(String)
    case cannotSign(String)
    /// The server sent nothing to sign, so it does not know about keys.
    case noNonce

    package var description: String {
        switch self {
        case .malformedSeed(let reason): "the nkey seed can't be used: \(reason)"
        case .malformedFile(let reason): "the credentials file can't be used: \(reason)"
        case .cannotSign(let reason): "the nkey can't sign: \(reason)"
        case .noNonce: "the server sent no nonce, so it does not expect an nkey"
        }
    }
}
