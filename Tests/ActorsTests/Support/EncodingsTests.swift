import TestSupport
import Testing

@testable import Actors

@Suite struct EncodingsTests {
    /// RFC 4648 §10, without the padding.
    static let base32Vectors = [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"),
        ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
    ]

    @Test("base32 as in RFC 4648 §10", arguments: base32Vectors)
    func base32(plain: String, encoded: String) {
        #expect(RadixAlphabet.base32.encode(plain.utf8) == encoded)
        #expect(RadixAlphabet.base32.decode(encoded.utf8) == Array(plain.utf8))
        #expect(RadixAlphabet.base32.decode(encoded.lowercased().utf8) == Array(plain.utf8))
    }

    @Test(
        "base64 as in RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("~~~???", "fn5+Pz8/"),
        ])
    func base64(plain: String, encoded: String) {
        #expect(RadixAlphabet.base64.encode(plain.utf8) == encoded)
        #expect(RadixAlphabet.base64.decode(encoded.utf8) == Array(plain.utf8))
    }

    @Test(
        "a character outside the alphabet, an impossible length and leftover bits are refused",
        arguments: ["M", "MZX", "MZXW6Y", "MZ", "M1======", "0Y", "MY ", "MZXQ===="])
    func refusesBase32(text: String) {
        #expect(RadixAlphabet.base32.decode(text.utf8) == nil)
    }

    @Test("accepting is decoding without its result", arguments: 0..<8)
    func accepts(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        for alphabet in [RadixAlphabet.base32, .crockford, .base64, .base64URL] {
            for length in 0..<60 {
                var text = Array(alphabet.encode(random.bytes(length)).utf8)
                // As it is, cut, with another last character, and with anything anywhere.
                var texts = [text, text.dropLast()]
                if !text.isEmpty {
                    text[text.count - 1] = UInt8(truncatingIfNeeded: random.next())
                    texts.append(text)
                    text[random.below(text.count)] = UInt8(truncatingIfNeeded: random.next())
                    texts.append(text)
                }
                for text in texts {
                    // Not from the start of its array, as callers have it.
                    let slice = ([65, 65] + text)[2...]
                    #expect(alphabet.accepts(slice) == (alphabet.decode(slice) != nil))
                }
            }
        }
    }

    @Test("every last character is accepted if and only if it is decoded")
    func lastCharacters() {
        for alphabet in [RadixAlphabet.base32, .base64URL] {
            for length in 0..<9 {
                for last in UInt8.min...UInt8.max {
                    let text = [UInt8](repeating: 65, count: length) + [last]
                    #expect(alphabet.accepts(text[...]) == (alphabet.decode(text) != nil))
                }
            }
        }
    }

    @Test(
        "hexadecimal digits are one number",
        arguments: [
            ("", 0), ("0", 0), ("01af", 0x01af), ("01AF", 0x01af), ("f", 15),
            ("ffffffffffffffff", .max), ("0123456789abcdef", 0x0123_4567_89ab_cdef),
            ("g", nil), ("01 f", nil), ("-1", nil), ("0x1f", nil), ("1é", nil), ("/:@G`g", nil),
        ] as [(String, UInt64?)])
    func hexNumber(text: String, number: UInt64?) {
        #expect(Hex.number(([48] + Array(text.utf8))[1...]) == number)
    }

    @Test("every alphabet reads what it wrote")
    func roundTrip() {
        let random = SeededRandom(seed: 4648)
        for count in 0..<200 {
            let bytes = random.bytes(count)
            for alphabet in [RadixAlphabet.base32, .crockford, .base64, .base64URL] {
                #expect(alphabet.decode(alphabet.encode(bytes).utf8) == bytes)
            }
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
    }
}
