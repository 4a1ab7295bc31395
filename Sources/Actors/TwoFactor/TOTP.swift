import Crypto

/// Time-based one-time passwords: RFC 6238 over RFC 4226 with SHA-1, six digits and steps of 30 s,
/// the only parameters that every authenticator app understands.
package enum TOTP {
    /// RFC 6238 §4.1 (X).
    package static let stepSeconds: Int64 = 30
    /// RFC 4226 §5.3 asks for at least six.
    package static let digits = 6
    /// 160 bits, the length that RFC 4226 §4 (R6) recommends and the block that SHA-1 yields.
    package static let secretByteCount = 20

    package static func generateSecret(random: some RandomSource) -> Redacted<[UInt8]> {
        Redacted(random.bytes(secretByteCount))
    }

    /// The number of whole steps since the epoch (RFC 6238 §4.2, T0 = 0).
    package static func step(at time: Timestamp) -> Int64 {
        let seconds = time.seconds
        return seconds >= 0 ? seconds / stepSeconds : (seconds - stepSeconds + 1) / stepSeconds
    }

    /// HOTP (RFC 4226 §5.3) of the step, with leading zeros.
    ///
    /// - Parameter digits: 1 to 9; more than 31 bits of truncated hash cannot fill.
    package static func code(secret: [UInt8], step: Int64, digits: Int = digits) -> String {
        precondition((1...9).contains(digits))
        let counter = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: step >> Int64($0))
        }
        let hash = Array(
            HMAC<Insecure.SHA1>.authenticationCode(
                for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(hash[hash.count - 1] & 15)
        let truncated =
            hash[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt32(1)) { product, _ in product * 10 }
        let text = String(truncated % modulus)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// Exactly six ASCII digits. Anything else is a typing mistake and no guess.
    package static func isWellFormed(_ code: String) -> Bool {
        code.utf8.count == digits
            && code.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// The step that `code` belongs to, or nil: wrong, or not newer than the last step used.
    ///
    /// A code must never be accepted twice (RFC 6238 §5.2), and neither may an older one be
    /// accepted after a newer one: the caller keeps the answer as the new `lastStep`, in the same
    /// turn. When a code happens to belong to two steps of the window the newest counts, so that
    /// using it again fails. Every step of the window is computed and compared in constant time,
    /// whichever matches.
    ///
    /// - Parameter window: how many steps before and after the current one are accepted: 1 allows
    ///   for one step of delay or drift, 0 is strict.
    package static func matchingStep(
        _ code: String, secret: [UInt8], at time: Timestamp, window: Int64, after lastStep: Int64
    ) -> Int64? {
        precondition((0...windowMax).contains(window))
        guard isWellFormed(code) else { return nil }
        let presented = Array(code.utf8)
        let now = step(at: time)
        var matching: Int64?
        for step in (now - window)...(now + window) {
            let isMatch = constantTimeEquals(TOTP.code(secret: secret, step: step).utf8, presented)
            if isMatch, step > lastStep { matching = step }
        }
        return matching
    }

    /// RFC 6238 §5.2 recommends one step; ten would already be five minutes each way.
    package static let windowMax: Int64 = 10
}
