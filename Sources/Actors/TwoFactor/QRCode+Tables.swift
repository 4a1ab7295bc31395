/// What ISO/IEC 18004:2015 fixes for each version of the symbol at error correction level M.
struct QRVersion: Equatable, Sendable {
    /// 1 to 40.
    let number: Int

    static let numberMax = 40

    init(_ number: Int) {
        precondition((1...QRVersion.numberMax).contains(number))
        self.number = number
    }

    /// The smallest version with room for so many bytes of text.
    static func smallest(holding byteCount: Int) -> QRVersion? {
        (1...numberMax).lazy.map { QRVersion($0) }.first { byteCount <= $0.textBytesMax }
    }

    var size: Int { 17 + 4 * number }

    /// Table 3: bits of the length in byte mode.
    var lengthBits: Int { number < 10 ? 8 : 16 }

    /// Data codewords less the mode (4 bits) and the length.
    var textBytesMax: Int { (dataCodewords * 8 - 4 - lengthBits) / 8 }

    var dataCodewords: Int { codewords - errorBlocks * errorCodewordsPerBlock }

    /// All codewords: the modules that are no function pattern, in whole bytes (table 1).
    var codewords: Int {
        let aligned = alignmentCentres.count
        // Everything, less three finders with separators, both timings, two formats and the dark
        // module; then less the alignment patterns (those on the timings share five modules with
        // them) and the two version blocks.
        var modules = size * size - 3 * 64 - 2 * (size - 16) - 31
        if aligned > 0 {
            modules -= 25 * (aligned * aligned - 3) - 10 * (aligned - 2)
        }
        if number >= 7 { modules -= 36 }
        return modules / 8
    }

    /// Table 9, level M.
    var errorCodewordsPerBlock: Int { QRVersion.errorCodewords[number - 1] }
    var errorBlocks: Int { QRVersion.blocks[number - 1] }

    private static let errorCodewords = [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
        26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ]
    private static let blocks = [
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
        17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
    ]

    /// Annex E: rows and columns of the alignment patterns' centres. The last is seven from the
    /// edge and the first on the timing pattern; those between are an even step apart, counted from
    /// the last, which follows from the version in all cases but version 32.
    var alignmentCentres: [Int] {
        guard number > 1 else { return [] }
        let count = number / 7 + 2
        let gaps = count - 1
        let step = number == 32 ? 26 : (size - 13 + 2 * gaps - 1) / (2 * gaps) * 2
        return [6] + (0..<gaps).map { size - 7 - step * (gaps - 1 - $0) }
    }

    /// Annex D: the number and twelve check bits of the Golay code, from version 7 on.
    var informationBits: UInt32? {
        guard number >= 7 else { return nil }
        return QRVersion.appendingRemainder(UInt32(number), checkBits: 12, generator: 0x1f25)
    }

    /// The value followed by the remainder of its division by the generator, both polynomials over
    /// GF(2): how version and format are protected.
    static func appendingRemainder(_ value: UInt32, checkBits: Int, generator: UInt32) -> UInt32 {
        var remainder = value
        for _ in 0..<checkBits {
            remainder = remainder << 1 ^ (remainder >> UInt32(checkBits - 1)) * generator
        }
        return value << UInt32(checkBits) | remainder
    }
}
