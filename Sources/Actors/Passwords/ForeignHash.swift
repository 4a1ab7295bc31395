/// A password hash that another system made, in the text form of that system. It is verified as it
/// is at the owner's first sign-in and replaced by ours then.
///
/// What a hash costs is its maker's choice and our processor's time, so absurd parameters are
/// refused when it comes in, long before anybody waits for it.
package enum ForeignHash: Equatable, Sendable {
    /// By libsodium from the text alone (RFC 9106, PHC form).
    case argon2id(String)
    /// By libxcrypt from the text alone: `$2a$`, `$2b$`, `$2y$`.
    case bcrypt(String)
    /// RFC 7914.
    case scrypt(logN: Int, blockSize: Int, lanes: Int, salt: [UInt8], key: [UInt8])
    /// RFC 8018 §5.2.
    case pbkdf2(Digest, iterations: Int, salt: [UInt8], key: [UInt8])

    package enum Digest: String, Sendable {
        case sha256
        case sha512
    }

    package enum Rejection: Error, Equatable, Sendable {
        /// None of the forms that can be verified.
        case unknownForm
        /// It begins like a form and does not go on like it.
        case malformed(form: String)
        /// It would cost more than a sign-in may, or is no protection at all.
        case parameter(name: String, value: Int, allowed: ClosedRange<Int>)
    }

    /// Three seconds of a core, ten times what frameworks set today (OWASP: 210,000 and 600,000).
    static let iterations = 1_000...6_000_000
    /// bcrypt doubles with each: 14 is about a second.
    static let bcryptCost = 4...14
    /// 2^20 blocks with r = 8 fill a gigabyte, which `memoryKiB` refuses; less than 2^10 is none.
    static let scryptLogN = 10...20
    static let scryptBlockSize = 1...32
    static let lanes = 1...16
    static let passes = 1...64
    /// As many of these run at a time as there are hashing threads.
    static let memoryKiB = 8...262_144
    /// What any maker writes; a longer one only costs.
    static let saltBytes = 8...64
    static let keyBytes = 16...64
    /// What libsodium takes is shorter; no form needs more.
    static let textBytesMax = 512

    package init(_ text: String) throws(Rejection) {
        guard text.utf8.count <= Self.textBytesMax,
            text.utf8.allSatisfy({ (33...126).contains($0) })
        else { throw .unknownForm }
        if text.hasPrefix("$argon2id$") {
            self = .argon2id(try Self.argon2id(text))
        } else if ["$2a$", "$2b$", "$2y$"].contains(where: text.hasPrefix) {
            self = .bcrypt(try Self.bcrypt(text))
        } else if text.hasPrefix("$scrypt$") {
            self = try Self.scrypt(phc: text)
        } else if text.hasPrefix("scrypt$") {
            self = try Self.scrypt(django: text)
        } else if text.hasPrefix("$pbkdf2-") {
            self = try Self.pbkdf2(passlib: text)
        } else if text.hasPrefix("pbkdf2_") {
            self = try Self.pbkdf2(django: text)
        } else {
            throw .unknownForm
        }
    }

    // MARK: Forms

    /// `$argon2id$v=19$m=65536,t=3,p=1$salt$key`
    private static func argon2id(_ text: String) throws(Rejection) -> String {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "v=19", let values = parameters(parts[3], "m", "t", "p")
        else { throw .malformed(form: "argon2id") }
        try check("m", values[0], memoryKiB)
        try check("t", values[1], passes)
        try check("p", values[2], lanes)
        _ = try bytes(parts[4], .phc, saltBytes, form: "argon2id")
        _ = try bytes(parts[5], .phc, keyBytes, form: "argon2id")
        return text
    }

    /// `$2b$12$` and 53 characters: 22 of salt, 31 of hash.
    private static func bcrypt(_ text: String) throws(Rejection) -> String {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[2].utf8.count == 2, let cost = number(parts[2]),
            parts[3].utf8.count == 53, parts[3].utf8.allSatisfy(isBcrypt)
        else { throw .malformed(form: "bcrypt") }
        try check("cost", cost, bcryptCost)
        return text
    }

    private static func isBcrypt(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ".")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// passlib and the PHC string format: `$scrypt$ln=16,r=8,p=1$salt$key`
    private static func scrypt(phc text: String) throws(Rejection) -> ForeignHash {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, let values = parameters(parts[2], "ln", "r", "p") else {
            throw .malformed(form: "scrypt")
        }
        return try scrypt(
            logN: values[0], values[1], values[2],
            salt: try bytes(parts[3], .phc, saltBytes, form: "scrypt"),
            key: try bytes(parts[4], .phc, keyBytes, form: "scrypt"))
    }

    /// Django: `scrypt$16384$salt$8$1$key`, the salt as it stands there.
    private static func scrypt(django text: String) throws(Rejection) -> ForeignHash {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, let work = number(parts[1]), work > 0, work & (work - 1) == 0,
            let blockSize = number(parts[3]), let lanes = number(parts[4])
        else { throw .malformed(form: "scrypt") }
        return try scrypt(
            logN: work.trailingZeroBitCount, blockSize, lanes, salt: Array(parts[2].utf8),
            key: try bytes(parts[5], .padded, keyBytes, form: "scrypt"))
    }

    private static func scrypt(
        logN: Int, _ blockSize: Int, _ lanes: Int, salt: [UInt8], key: [UInt8]
    ) throws(Rejection) -> ForeignHash {
        try check("ln", logN, scryptLogN)
        try check("r", blockSize, scryptBlockSize)
        try check("p", lanes, self.lanes)
        try check("memory in KiB", (blockSize << logN) / 8, memoryKiB)
        try check("salt", salt.count, saltBytes)
        return .scrypt(logN: logN, blockSize: blockSize, lanes: lanes, salt: salt, key: key)
    }

    /// passlib: `$pbkdf2-sha256$29000$salt$key`, in base64 with `.` for `+`.
    private static func pbkdf2(passlib text: String) throws(Rejection) -> ForeignHash {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, let digest = Digest(rawValue: String(parts[1].dropFirst(7))),
            let rounds = number(parts[2])
        else { throw .malformed(form: "pbkdf2") }
        try check("iterations", rounds, iterations)
        return .pbkdf2(
            digest, iterations: rounds,
            salt: try bytes(parts[3], .passlib, saltBytes, form: "pbkdf2"),
            key: try bytes(parts[4], .passlib, keyBytes, form: "pbkdf2"))
    }

    /// Django: `pbkdf2_sha256$600000$salt$key`, the salt as it stands there.
    private static func pbkdf2(django text: String) throws(Rejection) -> ForeignHash {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, let digest = Digest(rawValue: String(parts[0].dropFirst(7))),
            let rounds = number(parts[1])
        else { throw .malformed(form: "pbkdf2") }
        let salt = Array(parts[2].utf8)
        try check("iterations", rounds, iterations)
        try check("salt", salt.count, saltBytes)
        return .pbkdf2(
            digest, iterations: rounds, salt: salt,
            key: try bytes(parts[3], .padded, keyBytes, form: "pbkdf2"))
    }

    // MARK: Pieces

    private enum Base64 {
        case phc
        case padded
        case passlib
    }

    private static func bytes(
        _ text: Substring, _ base: Base64, _ allowed: ClosedRange<Int>, form: String
    ) throws(Rejection) -> [UInt8] {
        let plain: [UInt8] =
            switch base {
            case .phc: Array(text.utf8)
            case .padded: Array(text.utf8.prefix { $0 != UInt8(ascii: "=") })
            case .passlib:
                text.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "+") : $0 }
            }
        guard let bytes = RadixAlphabet.base64.decode(plain) else {
            throw .malformed(form: form)
        }
        try check("salt or key", bytes.count, allowed)
        return bytes
    }

    /// `m=65536,t=3,p=1`, in this order.
    private static func parameters(_ text: Substring, _ names: String...) -> [Int]? {
        let pairs = text.split(separator: ",", omittingEmptySubsequences: false)
        guard pairs.count == names.count else { return nil }
        var values: [Int] = []
        for (pair, name) in zip(pairs, names) {
            guard pair.hasPrefix(name + "="), let value = number(pair.dropFirst(name.count + 1))
            else { return nil }
            values.append(value)
        }
        return values
    }

    /// Decimal digits and nothing else.
    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return Int(text)
    }

    private static func check(
        _ name: String, _ value: Int, _ allowed: ClosedRange<Int>
    ) throws(Rejection) {
        guard allowed.contains(value) else {
            throw .parameter(name: name, value: value, allowed: allowed)
        }
    }
}

extension ForeignHash.Rejection: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownForm:
            "the password_hash is none of argon2id, bcrypt, scrypt, PBKDF2-SHA256, PBKDF2-SHA512"
        case .malformed(let form): "the password_hash begins like \(form) and is none"
        case .parameter(let name, let value, let allowed):
            "the password_hash has \(name) \(value); "
                + "\(allowed.lowerBound) to \(allowed.upperBound) is allowed"
        }
    }
}
