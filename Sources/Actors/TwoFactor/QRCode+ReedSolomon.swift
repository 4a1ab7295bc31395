/// The codewords of a symbol: the text as a bit stream, padded, split into blocks, each protected
/// by a Reed–Solomon code, and interleaved (ISO/IEC 18004:2015 §7.4 to §7.6).
enum QRCodewords {
    static func encode(_ data: [UInt8], in version: QRVersion) -> [UInt8] {
        interleave(blocks(of: bitStream(data, in: version), in: version))
    }

    /// Mode (0100, bytes), length, data, terminator (up to 0000), zero bits to a whole byte, and
    /// the two pad codewords in turn.
    static func bitStream(_ data: [UInt8], in version: QRVersion) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        func append(_ value: UInt32, _ count: Int) {
            buffer = buffer << UInt32(count) | value
            bits += count
            while bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        append(0b0100, 4)
        append(UInt32(data.count), version.lengthBits)
        for byte in data { append(UInt32(byte), 8) }
        // Mode and length leave four bits open, so the terminator always fits and ends the byte.
        append(0, 4)
        var pad: UInt8 = 0xec
        while bytes.count < version.dataCodewords {
            bytes.append(pad)
            pad ^= 0xec ^ 0x11
        }
        return bytes
    }

    private struct Block {
        let data: ArraySlice<UInt8>
        let check: [UInt8]
    }

    /// The blocks have the same number of check codewords; the later ones may have one more of
    /// data.
    private static func blocks(of data: [UInt8], in version: QRVersion) -> [Block] {
        let count = version.errorBlocks
        let shortLength = data.count / count
        let shortCount = count - data.count % count
        let generator = ReedSolomon.generator(degree: version.errorCodewordsPerBlock)
        var blocks: [Block] = []
        var start = 0
        for index in 0..<count {
            let end = start + shortLength + (index < shortCount ? 0 : 1)
            let slice = data[start..<end]
            blocks.append(Block(data: slice, check: ReedSolomon.remainder(slice, generator)))
            start = end
        }
        return blocks
    }

    /// The first data codeword of each block, then the second ones, …, then the check codewords
    /// alike.
    private static func interleave(_ blocks: [Block]) -> [UInt8] {
        var result: [UInt8] = []
        let longest = blocks.map(\.data.count).max() ?? 0
        for index in 0..<longest {
            for block in blocks where index < block.data.count {
                result.append(block.data[block.data.startIndex + index])
            }
        }
        for index in 0..<(blocks.first?.check.count ?? 0) {
            for block in blocks { result.append(block.check[index]) }
        }
        return result
    }
}

/// Reed–Solomon check codewords over GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1
/// (§7.5.2).
enum ReedSolomon {
    /// The product of (x − 2^i) for i below `degree`: coefficients from the highest power down,
    /// without the leading 1.
    static func generator(degree: Int) -> [UInt8] {
        var coefficients: [UInt8] = [1]
        var root: UInt8 = 1
        for _ in 0..<degree {
            var next = coefficients + [0]
            for (index, coefficient) in coefficients.enumerated() {
                next[index + 1] ^= multiply(coefficient, root)
            }
            coefficients = next
            root = multiply(root, 2)
        }
        return Array(coefficients.dropFirst())
    }

    /// What is left of data · x^degree divided by the generator.
    static func remainder(_ data: ArraySlice<UInt8>, _ generator: [UInt8]) -> [UInt8] {
        var remainder = [UInt8](repeating: 0, count: generator.count)
        for byte in data {
            let factor = byte ^ remainder[0]
            remainder.removeFirst()
            remainder.append(0)
            for index in generator.indices {
                remainder[index] ^= multiply(generator[index], factor)
            }
        }
        return remainder
    }

    static func multiply(_ left: UInt8, _ right: UInt8) -> UInt8 {
        var product: UInt8 = 0
        for bit in stride(from: 7, through: 0, by: -1) {
            product = product << 1 ^ (product >> 7) * 0x1d
            product ^= (right >> UInt8(bit) & 1) * left
        }
        return product
    }
}
