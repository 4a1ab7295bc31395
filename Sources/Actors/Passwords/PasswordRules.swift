import Foundation

/// Why a password is not accepted. `description` may be shown to its owner: it never repeats it.
package enum PasswordRejection: Error, Equatable, Sendable, CustomStringConvertible {
    case tooShort(charactersMin: Int)
    case tooLong(charactersMax: Int)
    case controlCharacter
    case common
    case sameAsEmail

    package var description: String {
        switch self {
        case .tooShort(let count): "a password has at least \(count) characters"
        case .tooLong(let count): "a password has at most \(count) characters"
        case .controlCharacter: "a password has no control characters"
        case .common: "this password is among the most common ones, which attackers try first"
        case .sameAsEmail: "the password is the email address or the part before its @"
        }
    }
}

/// What a password may be (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 5.0 §6.2): any 8 to 128
/// characters that are not well known, without rules of composition.
package enum PasswordRules {
    /// NIST and ASVS 6.2.1. Counted in code points after NFKC.
    package static let charactersMin = 8
    /// Over the 64 that must be allowed (ASVS 6.2.9); what is longer only costs time.
    package static let charactersMax = 128
    /// What is looked at at all: 128 characters of four bytes, eightfold for what NFKC composes.
    private static let inputBytesMax = 4096

    /// The bytes that are hashed: UTF-8 of NFKC, so that one password typed on two keyboards is
    /// one.
    ///
    /// Used when a password is set and when it is tried. At login a refusal must have the answer
    /// and the cost of a wrong password, for its reason says something about neither account.
    package static func normalise(_ text: String) throws(PasswordRejection) -> Redacted<[UInt8]> {
        Redacted(Array(try normalisedText(text).utf8))
    }

    /// `normalise`, and the refusals that only a new password meets.
    package static func checkNew(
        _ text: String, email: EmailAddress
    ) throws(PasswordRejection) -> Redacted<[UInt8]> {
        let normalised = try normalisedText(text)
        let folded = normalised.lowercased()
        guard folded != email.normalised, folded != email.localPart else { throw .sameAsEmail }
        guard !CommonPasswords.contains(normalised) else { throw .common }
        return Redacted(Array(normalised.utf8))
    }

    private static func normalisedText(_ text: String) throws(PasswordRejection) -> String {
        guard text.utf8.count <= inputBytesMax else { throw .tooLong(charactersMax: charactersMax) }
        let normalised = text.precomposedStringWithCompatibilityMapping
        let scalars = normalised.unicodeScalars
        guard scalars.count >= charactersMin else { throw .tooShort(charactersMin: charactersMin) }
        guard scalars.count <= charactersMax else { throw .tooLong(charactersMax: charactersMax) }
        guard scalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .controlCharacter
        }
        return normalised
    }
}
