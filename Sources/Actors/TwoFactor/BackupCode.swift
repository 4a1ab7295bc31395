/// One of the ten codes that stand in for a lost authenticator, each good for one login.
///
/// A code is the digit of its place, 0 to 9, and 13 characters of Crockford's base32: 65 random
/// bits, over the 64 that NIST SP 800-63B-4 asks of a saved recovery code. The digit says which of
/// the ten stored hashes to compare with, so that a guess costs one slow hash and not ten.
package struct BackupCode: Sendable {
    /// 0 to 9.
    package let index: Int
    /// As shown to its owner: `3-K7QMW-9XD2P-4TB`.
    package let text: Redacted<String>
    /// The 14 characters in upper case without dashes: what is hashed.
    package let canonicalBytes: Redacted<[UInt8]>

    package static let count = 10

    /// A full set of ten, for the places 0 to 9.
    package static func generate(random: some RandomSource) -> [BackupCode] {
        (0..<count).map { index in
            // 9 bytes are 72 bits, of which 13 characters show the first 65.
            let characters = RadixAlphabet.crockford.encode(random.bytes(9)).utf8
            return BackupCode(index: index, secret: Array(characters.prefix(secretCharacters)))
        }
    }

    /// Reads what a person types: any case, dashes and spaces anywhere, O for 0, I and L for 1. Nil
    /// when it cannot be a backup code, which is then a typing mistake and no guess.
    package init?(_ text: String) {
        guard text.utf8.count <= BackupCode.inputBytesMax else { return nil }
        let typed = text.unicodeScalars.filter {
            !$0.properties.isWhitespace && !$0.properties.isDash
        }
        guard typed.count == 1 + BackupCode.secretCharacters, typed.allSatisfy(\.isASCII) else {
            return nil
        }
        // 14 characters are 70 bits; with two zeros they are the 80 bits of ten whole bytes, and
        // encoding those again gives the characters meant for the ones typed.
        let padded = typed.map { UInt8(truncatingIfNeeded: $0.value) } + Array("00".utf8)
        guard let bytes = RadixAlphabet.crockford.decode(padded) else { return nil }
        let meant = Array(RadixAlphabet.crockford.encode(bytes).utf8)
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(meant[0]) else { return nil }
        self.init(
            index: Int(meant[0] - UInt8(ascii: "0")),
            secret: Array(meant[1...BackupCode.secretCharacters]))
    }

    private init(index: Int, secret: [UInt8]) {
        let canonical = [UInt8(ascii: "0") + UInt8(index)] + secret
        let groups = [canonical[..<1], canonical[1..<6], canonical[6..<11], canonical[11...]]
        self.index = index
        self.text = Redacted(
            groups.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-"))
        self.canonicalBytes = Redacted(canonical)
    }

    private static let secretCharacters = 13
    /// Room for dashes and spaces of three bytes around each character, and no more work than that.
    private static let inputBytesMax = 128
}
