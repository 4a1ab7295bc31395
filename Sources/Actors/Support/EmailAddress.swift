import Crypto
import Foundation
package import Persistence

/// Why a text is not accepted as an email address. `description` may be shown to the caller: it
/// never repeats the text.
package enum EmailRejection: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    case tooLong(bytesMax: Int)
    case notOneAtSign
    case forbiddenCharacter
    case badLocalPart
    case badDomain

    package var description: String {
        switch self {
        case .empty: "the email address is empty"
        case .tooLong(let bytesMax): "the email address is longer than \(bytesMax) bytes"
        case .notOneAtSign: "an email address has exactly one @"
        case .forbiddenCharacter:
            "the email address contains white space, a control or an invisible character"
        case .badLocalPart:
            "the part before the @ must be 1 to 64 bytes of letters, digits and !#$%&'*+/=?^_`{|}~-"
                + " with single dots between them; quoted forms are not accepted"
        case .badDomain: "the part after the @ is not a domain name"
        }
    }
}

/// An email address in the one form in which it is compared, stored and routed.
///
/// Two texts name the same account exactly when their normalised forms are equal: surrounding white
/// space removed, NFKC, lower case. The shape is RFC 5321 §4.1.2 (`Dot-string "@" Domain`) with the
/// non-ASCII characters of RFC 6531; what RFC 5321 §2.4 lets a host distinguish by case we do not,
/// as no mail host in use does.
package struct EmailAddress: Hashable, Sendable {
    package let normalised: String

    package init(_ text: String) throws(EmailRejection) {
        guard text.utf8.count <= EmailAddress.inputBytesMax else {
            throw .tooLong(bytesMax: EmailAddress.bytesMax)
        }
        let normalised = EmailAddress.normalise(text)
        guard !normalised.isEmpty else { throw .empty }
        guard normalised.utf8.count <= EmailAddress.bytesMax else {
            throw .tooLong(bytesMax: EmailAddress.bytesMax)
        }
        guard normalised.unicodeScalars.allSatisfy(EmailAddress.isVisible) else {
            throw .forbiddenCharacter
        }
        let parts = normalised.unicodeScalars.split(
            separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .notOneAtSign }
        guard EmailAddress.isDotString(parts[0]) else { throw .badLocalPart }
        guard EmailAddress.isDomain(parts[1]) else { throw .badDomain }
        self.normalised = normalised
    }

    /// The part before the @, as normalised.
    package var localPart: String { String(normalised.prefix { $0 != "@" }) }

    /// The shard that owns this address: the first eight bytes (big endian) of the SHA-256 of its
    /// normalised form, modulo the number of shards. It must never change: the address of every
    /// account ever written depends on it.
    package func shard(of count: Int) -> ShardID {
        precondition(count > 0 && count <= Int(UInt16.max))
        let digest = SHA256.hash(data: Array(normalised.utf8))
        let word = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return ShardID(UInt16(word % UInt64(count)))
    }
}

extension EmailAddress {
    /// RFC 5321 §4.5.3.1.3: a path of 256 octets, less its angle brackets.
    package static let bytesMax = 254
    /// RFC 5321 §4.5.3.1.1.
    private static let localBytesMax = 64
    /// RFC 1035 §2.3.4: 255 octets on the wire are 253 characters of text.
    private static let domainBytesMax = 253
    private static let labelBytesMax = 63
    /// Four bytes (the longest scalar) for each byte of the longest address: NFKC turns the wide
    /// and mathematical letters of three and four bytes into one. It bounds the work on hostile
    /// input.
    private static let inputBytesMax = 4 * bytesMax + 64

    private static func normalise(_ text: String) -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let folded = trimmed.precomposedStringWithCompatibilityMapping.lowercased()
        // Lower-casing can leave a sequence that composes again, so that a second pass would
        // differ.
        return folded.precomposedStringWithCompatibilityMapping
    }

    /// No invisible characters, for two accounts must not look alike by them; no unassigned ones,
    /// for a later Unicode version may normalise them differently.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator,
            .lineSeparator, .paragraphSeparator:
            false
        default:
            !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// RFC 5321 `Dot-string`: atoms of RFC 5322 `atext` or non-ASCII characters, single dots
    /// between.
    private static func isDotString(_ part: Substring.UnicodeScalarView) -> Bool {
        guard String(part).utf8.count <= localBytesMax else { return false }
        return part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { !$0.isASCII || isAlphanumeric($0) || atextSigns.contains($0) }
        }
    }

    private static let atextSigns = Set("!#$%&'*+-/=?^_`{|}~".unicodeScalars)

    /// RFC 5321 `Domain` without address literals. A non-ASCII label (IDNA) has only letters, marks
    /// and numbers, so that the ideographic full stop cannot pass for a dot.
    private static func isDomain(_ part: Substring.UnicodeScalarView) -> Bool {
        guard String(part).utf8.count <= domainBytesMax else { return false }
        return part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard (1...labelBytesMax).contains(String(label).utf8.count), label.first != "-",
                label.last != "-"
            else { return false }
            return label.allSatisfy { $0 == "-" || isAlphanumeric($0) || isWordCharacter($0) }
        }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        guard !scalar.isASCII else { return false }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || scalar.properties.generalCategory == .nonspacingMark
            || scalar.properties.generalCategory == .spacingMark
    }
}
