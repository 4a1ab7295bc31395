import Crypto

/// Why a key is not accepted, or why the stored data keys cannot be opened with the keys given.
/// None of the cases carries key material; ids are digests and may be shown.
package enum KeyRejection: Error, Equatable, Sendable {
    /// Neither base64 of 32 bytes nor 64 hex digits.
    case malformed
    /// All 32 bytes are the same: a placeholder, not a key.
    case weak
    /// The data key was wrapped by a master key (its id) that is not among those given.
    case otherMasterKey(wrappedBy: [UInt8])
    /// The stored data keys are of a newer version, or not what this program wrote.
    case damagedDataKeys(reason: String)
}

extension KeyRejection: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed: "a key must be 32 bytes, as base64 or as 64 hex digits"
        case .weak: "all bytes of the key are the same; generate a random one"
        case .otherMasterKey(let id):
            "the data key was wrapped by another key (id \(Hex.encode(id)))"
        case .damagedDataKeys(let reason): "the wrapped data keys are damaged: \(reason)"
        }
    }
}

/// The operator's key, from the environment. It wraps the data keys and encrypts nothing else, so
/// that changing it rewrites a hundred bytes instead of every secret.
package struct MasterKey: Sendable {
    let key: Redacted<SymmetricKey>
    /// The first 8 bytes of SHA-256("countersign master key id" || key): says which key wrapped
    /// something without saying anything about the key.
    package let id: [UInt8]

    /// Takes standard base64 (padded or not) or 64 hex digits. Nothing is trimmed: a key with a
    /// stray blank in it would be a different one elsewhere.
    package init(text: String) throws(KeyRejection) {
        guard let bytes = MasterKey.decode(Array(text.utf8)), bytes.count == MasterKey.byteCount
        else { throw .malformed }
        guard bytes.contains(where: { $0 != bytes[0] }) else { throw .weak }
        self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        key = Redacted(SymmetricKey(data: bytes))
        id = Array(SHA256.hash(data: Array("countersign master key id".utf8) + bytes).prefix(8))
    }

    /// AES-256.
    static let byteCount = 32
    static let idByteCount = 8

    /// A new random key as text: what `keygen` prints.
    package static func generate(random: some RandomSource) -> String {
        RadixAlphabet.base64.encode(random.bytes(byteCount)) + "="
    }

    private static func decode(_ text: [UInt8]) -> [UInt8]? {
        switch text.count {
        case 64: Hex.decode(String(decoding: text, as: UTF8.self))
        case 43: RadixAlphabet.base64.decode(text)
        case 44 where text[43] == UInt8(ascii: "="): RadixAlphabet.base64.decode(text[..<43])
        default: nil
        }
    }
}

extension MasterKey: CustomStringConvertible {
    package var description: String { "MasterKey(id: \(Hex.encode(id)))" }
}

extension RadixAlphabet {
    /// RFC 4648 §4 without padding.
    package static let base64 = RadixAlphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
