import CCrypt
import CSodium
import CryptoExtras
import Foundation

/// The work itself, on the threads of `PasswordHasher` only: it takes up to seconds.
extension ForeignHash {
    /// Whether the secret belongs to the hash. Comparisons take the same time wherever they differ.
    func matches(_ secret: Redacted<[UInt8]>) -> Bool {
        switch self {
        case .argon2id(let text):
            PasswordHash.verifyArgon2(secret, against: text)
        case .bcrypt(let text):
            Self.bcrypt(secret, setting: text).map { constantTimeEquals($0.utf8, text.utf8) }
                ?? false
        case .scrypt(let logN, let blockSize, let lanes, let salt, let key):
            Self.scrypt(secret, logN, blockSize, lanes, salt, keyBytes: key.count)
                .map { constantTimeEquals($0, key) } ?? false
        case .pbkdf2(let digest, let iterations, let salt, let key):
            Self.pbkdf2(secret, digest, iterations, salt, keyBytes: key.count)
                .map { constantTimeEquals($0, key) } ?? false
        }
    }

    /// The setting carries salt and cost; the answer is the whole text. The last character of a
    /// salt has unused bits, so it is the text that is compared, as crypt(3) wants it.
    private static func bcrypt(_ secret: Redacted<[UInt8]>, setting: String) -> String? {
        // A C string ends at a zero: such a password would be another one.
        guard !secret.value.contains(0) else { return nil }
        let phrase = secret.value.map { CChar(bitPattern: $0) } + [0]
        var memory: UnsafeMutableRawPointer?
        var size: Int32 = 0
        // libxcrypt allocates and says how much; both arrays end in a zero and outlive the call.
        let result = unsafe crypt_ra(phrase, setting, &memory, &size)
        defer {
            if let memory = unsafe memory {
                unsafe explicit_bzero(memory, Int(size))
                unsafe free(memory)
            }
        }
        guard let result = unsafe result else { return nil }
        return unsafe String(cString: result)
    }

    private static func scrypt(
        _ secret: Redacted<[UInt8]>, _ logN: Int, _ blockSize: Int, _ lanes: Int, _ salt: [UInt8],
        keyBytes: Int
    ) -> [UInt8]? {
        var key = [UInt8](repeating: 0, count: keyBytes)
        // Every array is passed with its own length and outlives the call.
        let status = unsafe crypto_pwhash_scryptsalsa208sha256_ll(
            secret.value, secret.value.count, salt, salt.count, UInt64(1) << UInt64(logN),
            UInt32(blockSize), UInt32(lanes), &key, key.count)
        return status == 0 ? key : nil
    }

    private static func pbkdf2(
        _ secret: Redacted<[UInt8]>, _ digest: Digest, _ iterations: Int, _ salt: [UInt8],
        keyBytes: Int
    ) -> [UInt8]? {
        let function: KDF.Insecure.PBKDF2.HashFunction =
            switch digest {
            case .sha256: .sha256
            case .sha512: .sha512
            }
        let key = try? KDF.Insecure.PBKDF2.deriveKey(
            from: secret.value, salt: salt, using: function, outputByteCount: keyBytes,
            unsafeUncheckedRounds: iterations)
        guard let key else { return nil }
        // The pointer lives as long as the closure, which copies what it points to.
        return unsafe key.withUnsafeBytes { unsafe Array($0) }
    }
}
