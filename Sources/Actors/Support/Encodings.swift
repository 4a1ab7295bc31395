/// The text forms of bytes that the server reads and writes. All are strict: a character outside
/// the alphabet, a wrong length or a non-zero leftover bit gives nil instead of a guess.
package enum Hex {
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// At most sixteen digits as one number.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}

/// An alphabet of 2^n characters, n bits each, most significant bit first.
package struct RadixAlphabet: Sendable {
    private let characters: [UInt8]
    private let values: [UInt8]
    private let bitsPerCharacter: Int

    /// - Parameter aliases: characters that people type for others, such as `O` for `0`.
    init(_ alphabet: String, aliases: [(String, String)] = [], ignoringCase: Bool = false) {
        characters = Array(alphabet.utf8)
        bitsPerCharacter = characters.count.trailingZeroBitCount
        precondition(characters.count == 1 << bitsPerCharacter)
        var values = [UInt8](repeating: 0xff, count: 256)
        func set(_ character: UInt8, _ value: UInt8) {
            values[Int(character)] = value
            if ignoringCase, character >= 65, character <= 90 {
                values[Int(character + 32)] = value
            }
        }
        for (index, character) in characters.enumerated() { set(character, UInt8(index)) }
        for (typed, meant) in aliases {
            guard let typed = typed.utf8.first, let meant = meant.utf8.first else { continue }
            set(typed, values[Int(meant)])
        }
        self.values = values
    }

    package func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        let mask = UInt32(characters.count - 1)
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= bitsPerCharacter {
                bits -= bitsPerCharacter
                text.append(characters[Int(buffer >> UInt32(bits) & mask)])
            }
        }
        if bits > 0 {
            text.append(characters[Int(buffer << UInt32(bitsPerCharacter - bits) & mask)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for a character outside the alphabet, for left-over bits that are not zero, and for a
    /// length that no bytes encode to. Padding must have been removed.
    package func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for character in text {
            let value = values[Int(character)]
            guard value != 0xff else { return nil }
            buffer = buffer << UInt32(bitsPerCharacter) | UInt32(value)
            bits += bitsPerCharacter
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        guard bits < bitsPerCharacter, buffer & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return bytes
    }

    /// Whether the text would be decoded, without decoding it.
    func accepts(_ text: ArraySlice<UInt8>) -> Bool {
        var last: UInt8 = 0
        for character in text {
            last = values[Int(character)]
            if last == 0xff { return false }
        }
        let spare = text.count * bitsPerCharacter % 8
        return spare < bitsPerCharacter && last & (1 << UInt8(spare) - 1) == 0
    }
}

extension RadixAlphabet {
    /// RFC 4648 §6 without padding: what authenticator apps read. Decoding ignores case.
    package static let base32 = RadixAlphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ignoringCase: true)
    /// Crockford's alphabet: no I, L, O or U, and what people type for them is understood.
    package static let crockford = RadixAlphabet(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ", aliases: [("O", "0"), ("I", "1"), ("L", "1")],
        ignoringCase: true)
    /// RFC 4648 §5 without padding.
    package static let base64URL = RadixAlphabet(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
}
