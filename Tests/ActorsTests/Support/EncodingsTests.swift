import Actors
import TestSupport
import Testing

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
