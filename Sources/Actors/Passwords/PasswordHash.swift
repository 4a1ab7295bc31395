import CSodium

/// How much work one Argon2id hash costs. The text form of each hash carries its own parameters, so
/// they can be raised later: old hashes still verify and are replaced at the next login.
package struct Argon2Parameters: Equatable, Sendable {
    package let memoryKiB: Int
    /// Passes over the memory (t). The lanes (p) are always 1, which is what libsodium computes.
    package let passes: Int

    package init(memoryKiB: Int, passes: Int) {
        precondition(memoryKiB >= 8 && memoryKiB <= 4 << 20, "8 KiB to 4 GiB")
        precondition((1...64).contains(passes))
        self.memoryKiB = memoryKiB
        self.passes = passes
    }

    /// OWASP Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1 is the least it recommends, and
    /// what a machine can still compute a hundred times a second.
    package static let owaspMinimum = Argon2Parameters(memoryKiB: 19_456, passes: 2)
}

/// Argon2id (RFC 9106) by libsodium, in the PHC string format. The calls compute for tens of
/// milliseconds on the calling thread: only `PasswordHasher`'s threads make them.
enum PasswordHash {
    /// The PHC string of the secret under a fresh random salt; nil when memory ran out.
    static func make(_ secret: Redacted<[UInt8]>, _ parameters: Argon2Parameters) -> String? {
        precondition(isReady)
        let secret = characters(secret)
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_strbytes()))
        // `text` has the size that libsodium documents for the result; both arrays are passed with
        // their own lengths and outlive the call.
        let status = unsafe crypto_pwhash_str_alg(
            &text, secret, UInt64(secret.count), UInt64(parameters.passes),
            parameters.memoryKiB * 1024, crypto_pwhash_alg_argon2id13())
        guard status == 0 else { return nil }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the secret belongs to the hash: one of ours, or one that was imported.
    static func verify(_ secret: Redacted<[UInt8]>, against hash: String) -> Bool {
        if hash.hasPrefix("$argon2") { return verifyArgon2(secret, against: hash) }
        return (try? ForeignHash(hash))?.matches(secret) ?? false
    }

    /// Whether the secret belongs to the PHC string. The comparison is libsodium's, constant-time.
    static func verifyArgon2(_ secret: Redacted<[UInt8]>, against phc: String) -> Bool {
        precondition(isReady)
        guard let text = terminated(phc) else { return false }
        let secret = characters(secret)
        // `text` has the declared length and ends with a zero; `secret` is passed with its own
        // length.
        return unsafe crypto_pwhash_str_verify(text, secret, UInt64(secret.count)) == 0
    }

    /// Whether the PHC string was made with other parameters, or is no Argon2id string at all.
    static func needsRehash(_ phc: String, _ parameters: Argon2Parameters) -> Bool {
        precondition(isReady)
        guard let text = terminated(phc) else { return true }
        // `text` has the declared length and ends with a zero.
        return unsafe crypto_pwhash_str_needs_rehash(
            text, UInt64(parameters.passes), parameters.memoryKiB * 1024) != 0
    }

    private static func characters(_ secret: Redacted<[UInt8]>) -> [CChar] {
        secret.value.map { CChar(bitPattern: $0) }
    }

    /// The text as C characters, filled up with zeros to the length that libsodium's declarations
    /// promise; nil when it is longer than any that libsodium makes.
    private static func terminated(_ phc: String) -> [CChar]? {
        let padding = Int(crypto_pwhash_strbytes()) - phc.utf8.count
        guard padding > 0 else { return nil }
        return phc.utf8.map { CChar(bitPattern: $0) } + Array(repeating: 0, count: padding)
    }

    /// libsodium asks for `sodium_init` once before anything else; -1 means that it cannot work
    /// here, and then neither can we.
    private static let isReady = sodium_init() >= 0
}
