private import Crypto
private import Foundation

/// Codes of an authenticator app (RFC 6238: SHA-1, 30 s, six digits), made here so that the load
/// tool shares no code with the server that it measures.
package struct OneTimeCode: Sendable {
    private let secret: [UInt8]

    package static let stepSeconds: UInt64 = 30

    /// - Parameter base32: the secret as it is shown, RFC 4648; nil when it is none.
    package init?(base32: String) {
        var bits: UInt64 = 0
        var count = 0
        var bytes: [UInt8] = []
        for scalar in base32.utf8 where scalar != UInt8(ascii: "=") {
            let value: UInt8
            switch scalar {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = scalar - UInt8(ascii: "A")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = scalar - UInt8(ascii: "2") + 26
            default: return nil
            }
            bits = (bits << 5 | UInt64(value)) & 0xFFFF
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(count)))
            }
        }
        guard !bytes.isEmpty else { return nil }
        secret = bytes
    }

    package func code(step: UInt64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> UInt64(56 - 8 * $0)) }
        let mac = Array(
            HMAC<Insecure.SHA1>.authenticationCode(
                for: counter, using: SymmetricKey(data: secret)))
        // RFC 4226 §5.3: the last four bits say where the 31 bits are.
        let offset = Int(mac[mac.count - 1] & 0x0F)
        let number = mac[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let digits = String((number & 0x7FFF_FFFF) % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// The codes that one account still has: each step of time counts once and only upwards, and each
/// backup code once (RFC 6238 §5.2).
package struct SecondFactorCodes: Sendable {
    package enum Code: Sendable, Equatable {
        case totp(String)
        case backup(String)
    }

    private let generator: OneTimeCode
    private var lastStep: UInt64
    private var backupCodes: [String]

    /// - Parameter lastStep: the newest step that the server has already accepted.
    package init(generator: OneTimeCode, lastStep: UInt64, backupCodes: [String]) {
        self.generator = generator
        self.lastStep = lastStep
        self.backupCodes = backupCodes
    }

    /// The next code at this time, a TOTP code if a step is left (the current one, or the next one,
    /// which servers accept for clocks that go fast); nil when none is left before the next step.
    package mutating func take(atSecond second: UInt64) -> Code? {
        let current = second / OneTimeCode.stepSeconds
        let step = max(lastStep + 1, current)
        if step <= current + 1 {
            lastStep = step
            return .totp(generator.code(step: step))
        }
        return backupCodes.popLast().map(Code.backup)
    }
}
