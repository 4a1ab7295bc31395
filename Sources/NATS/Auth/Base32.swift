/// RFC 4648's base 32 without padding, as keys of NATS are written.
enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    private static let bitsPerCharacter = 5

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= bitsPerCharacter {
                count -= bitsPerCharacter
                text.append(alphabet[Int(bits >> UInt32(count) & 31)])
            }
            bits &= 0xff
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(bitsPerCharacter - count) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil unless every character is of the alphabet and what is left over at the end is zero.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = character - UInt8(ascii: "2") + 26
            default: return nil
            }
            bits = bits << UInt32(bitsPerCharacter) | UInt32(value)
            count += bitsPerCharacter
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                bits &= 1 << UInt32(count) - 1
            }
        }
        return bits == 0 && count < bitsPerCharacter ? bytes : nil
    }
}

/// CRC-16 as keys of NATS carry it: polynomial 0x1021, beginning with zero, highest bit first.
enum CRC16 {
    static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var value: UInt16 = 0
        for byte in bytes {
            value ^= UInt16(byte) << 8
            for _ in 0..<8 { value = value & 0x8000 != 0 ? value << 1 ^ 0x1021 : value << 1 }
        }
        return value
    }
}
