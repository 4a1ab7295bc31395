import Crypto
import Persistence

/// The keys that secrets in the log are sealed with: the newest seals, all of them open. They are
/// random, live in memory only, and reach the disk only wrapped by the operator's master key.
package struct DataKeyring: Sendable {
    /// In ascending order of id, never empty; the last is the current one.
    private var keys: [DataKey]
    /// What fingerprints are made with: a key of its own, so that no rotation changes one.
    let fingerprintKey: Redacted<SymmetricKey>

    /// - Parameter fingerprintKey: nil where none was kept yet (version 1 of the wrapped keys): the
    ///   oldest data key was in its place, and stays what fingerprints are made with.
    init(keys: [DataKey], fingerprintKey: Redacted<SymmetricKey>? = nil) {
        precondition(!keys.isEmpty)
        let keys = keys.sorted { $0.id < $1.id }
        self.keys = keys
        self.fingerprintKey = fingerprintKey ?? keys[0].key
    }

    /// A keyring for a new installation.
    package static func generate(random: some RandomSource) -> DataKeyring {
        DataKeyring(
            keys: [DataKey(id: 1, random: random)],
            fingerprintKey: Redacted(SymmetricKey(data: random.bytes(MasterKey.byteCount))))
    }

    package var currentKeyID: UInt32 { keys[keys.count - 1].id }
    package var keyIDs: [UInt32] { keys.map(\.id) }

    /// Seals under the current key with a fresh random nonce. At most 2^32 secrets may be sealed
    /// under one key (NIST SP 800-38D §8.3).
    package func seal(
        _ plaintext: [UInt8], for user: UserID, purpose: SealPurpose, random: some RandomSource
    ) -> [UInt8] {
        let current = keys[keys.count - 1]
        let box = DataKeyring.encrypt(
            plaintext, using: current.key.value,
            authenticating: SealedSecret.associatedData(user: user, purpose: purpose),
            random: random)
        return SealedSecret(keyID: current.id, box: box).bytes
    }

    package func open(
        _ sealed: [UInt8], for user: UserID, purpose: SealPurpose
    ) throws(SealError) -> Redacted<[UInt8]> {
        let secret = try SealedSecret(sealed)
        guard let key = keys.first(where: { $0.id == secret.keyID }) else {
            throw .unknownDataKey(id: secret.keyID)
        }
        let data = SealedSecret.associatedData(user: user, purpose: purpose)
        do {
            let opened = try AES.GCM.open(secret.box, using: key.key.value, authenticating: data)
            return Redacted(Array(opened))
        } catch {
            throw .notAuthentic
        }
    }

    /// Whether a secret is sealed under an older key, so that a rotation has to seal it again.
    package func isSealedByOlderKey(_ sealed: [UInt8]) throws(SealError) -> Bool {
        try SealedSecret(sealed).keyID != currentKeyID
    }

    /// The same keyring with a new current key: the first half of a rotation.
    package func rotated(random: some RandomSource) -> DataKeyring {
        DataKeyring(
            keys: keys + [DataKey(id: currentKeyID + 1, random: random)],
            fingerprintKey: fingerprintKey)
    }

    /// The current key alone: the second half, when nothing is sealed under the older ones any
    /// more.
    package func droppingOlderKeys() -> DataKeyring {
        DataKeyring(keys: [keys[keys.count - 1]], fingerprintKey: fingerprintKey)
    }

    /// Which data key a secret is sealed under; nil when it is not sealed at all.
    package static func keyID(of sealed: [UInt8]) -> UInt32? {
        (try? SealedSecret(sealed))?.keyID
    }

    /// A keyed hash, HMAC-SHA256, for what has to be recognised again and must not be readable:
    /// phone numbers, callers' keys, sets of credentials. Each purpose has a subkey of its own
    /// (HKDF, RFC 5869).
    ///
    /// The subkeys come from a key that is kept for nothing else, so a rotation changes no hash.
    package func fingerprint(_ purpose: String, _ bytes: some Sequence<UInt8>) -> [UInt8] {
        let subkey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: fingerprintKey.value,
            info: Array("countersign fingerprint: \(purpose)".utf8),
            outputByteCount: SHA256.byteCount)
        return Array(HMAC<SHA256>.authenticationCode(for: Array(bytes), using: subkey))
    }

    var all: [DataKey] { keys }

    static func encrypt(
        _ plaintext: [UInt8], using key: SymmetricKey, authenticating data: [UInt8],
        random: some RandomSource
    ) -> AES.GCM.SealedBox {
        do {
            let nonce = try AES.GCM.Nonce(data: random.bytes(SealedSecret.nonceByteCount))
            return try AES.GCM.seal(plaintext, using: key, nonce: nonce, authenticating: data)
        } catch {
            // Sealing fails only for a nonce or a key of the wrong length; both are fixed here.
            preconditionFailure("AES-GCM refused a 12-byte nonce or a 32-byte key")
        }
    }
}

/// One 256-bit data key. Ids count up from 1 within an installation.
struct DataKey: Sendable {
    let id: UInt32
    let key: Redacted<SymmetricKey>

    init(id: UInt32, key: SymmetricKey) {
        self.id = id
        self.key = Redacted(key)
    }

    init(id: UInt32, random: some RandomSource) {
        self.init(id: id, key: SymmetricKey(data: random.bytes(MasterKey.byteCount)))
    }
}
