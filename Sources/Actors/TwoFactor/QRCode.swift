/// A QR code symbol (ISO/IEC 18004:2015, model 2): byte mode, error correction level M, the
/// smallest of the versions 1 to 40 that holds the text.
///
/// Only what an otpauth URL needs is here; level M survives 15 % of damage, which is what the
/// standard advises where nothing else is known. A text can be up to 2,331 bytes long.
package struct QRCode: Sendable {
    /// 1 to 40: how large the symbol is.
    package let version: Int
    /// Modules on each side: 17 + 4 × version.
    package let size: Int
    /// Row by row, true for dark.
    private var modules: [Bool]
    /// Where function patterns are, which data and masks leave alone.
    private var reserved: [Bool]

    package init(_ text: String) throws(QRCodeError) {
        let data = Array(text.utf8)
        guard let version = QRVersion.smallest(holding: data.count) else {
            throw .tooLong(bytes: data.count, bytesMax: QRVersion(QRVersion.numberMax).textBytesMax)
        }
        self.init(codewords: QRCodewords.encode(data, in: version), version: version)
    }

    package func isDark(_ row: Int, _ column: Int) -> Bool { modules[row * size + column] }

    private init(codewords: [UInt8], version: QRVersion) {
        self.version = version.number
        size = version.size
        modules = Array(repeating: false, count: version.size * version.size)
        reserved = modules
        drawFunctionPatterns(version)
        drawCodewords(codewords)
        modules = withBestMask().modules
    }
}

package enum QRCodeError: Error, Equatable, Sendable {
    case tooLong(bytes: Int, bytesMax: Int)
}

// MARK: Data

extension QRCode {
    /// Places the bits in pairs of columns from the right, upwards and downwards in turn (§7.7.3).
    private mutating func drawCodewords(_ codewords: [UInt8]) {
        var bit = 0
        var isUpward = true
        for right in QRCode.columnPairs(size) {
            for step in 0..<size {
                let row = isUpward ? size - 1 - step : step
                for column in [right, right - 1] where !reserved[row * size + column] {
                    // Up to seven remainder bits follow the last codeword; they stay light.
                    guard bit < codewords.count * 8 else { continue }
                    modules[row * size + column] = codewords[bit / 8] >> UInt8(7 - bit % 8) & 1 == 1
                    bit += 1
                }
            }
            isUpward.toggle()
        }
        precondition(bit == codewords.count * 8, "the data region holds every codeword")
    }

    /// The right column of each pair. Column 6 is the timing pattern and belongs to none.
    private static func columnPairs(_ size: Int) -> [Int] {
        Array(stride(from: size - 1, to: 6, by: -2)) + stride(from: 5, to: 0, by: -2)
    }
}

// MARK: Masks

extension QRCode {
    /// The symbol under the mask with the lowest penalty (§7.8.3).
    private func withBestMask() -> QRCode {
        var best = masked(with: .all[0])
        var bestPenalty = best.penalty
        for mask in QRMask.all.dropFirst() {
            let candidate = masked(with: mask)
            let penalty = candidate.penalty
            if penalty < bestPenalty {
                best = candidate
                bestPenalty = penalty
            }
        }
        return best
    }

    private func masked(with mask: QRMask) -> QRCode {
        var result = self
        for row in 0..<size {
            for column in 0..<size
            where !reserved[row * size + column] && mask.inverts(row, column) {
                result.modules[row * size + column].toggle()
            }
        }
        result.drawFormat(mask)
        return result
    }
}

// MARK: Function patterns

extension QRCode {
    private mutating func set(_ row: Int, _ column: Int, _ isDark: Bool) {
        modules[row * size + column] = isDark
        reserved[row * size + column] = true
    }

    private mutating func drawFunctionPatterns(_ version: QRVersion) {
        for index in 0..<size {
            set(6, index, index.isMultiple(of: 2))
            set(index, 6, index.isMultiple(of: 2))
        }
        for (row, column) in [(3, 3), (3, size - 4), (size - 4, 3)] { drawFinder(row, column) }
        drawAlignment(at: version.alignmentCentres)
        // Any mask will do here: this only reserves the place, `masked(with:)` writes the real one.
        drawFormat(.all[0])
        drawVersion(version)
    }

    /// A finder pattern and the light separator around it, as far as it lies inside the symbol.
    private mutating func drawFinder(_ centreRow: Int, _ centreColumn: Int) {
        for (row, column) in QRCode.square(radius: 4, around: centreRow, centreColumn)
        where (0..<size).contains(row) && (0..<size).contains(column) {
            let distance = max(abs(row - centreRow), abs(column - centreColumn))
            set(row, column, distance != 2 && distance != 4)
        }
    }

    /// At every crossing of the centres except the three that the finders occupy (§6.3.6).
    private mutating func drawAlignment(at centres: [Int]) {
        for row in centres {
            for column in centres {
                let isAtFinder =
                    row == 6 && (column == 6 || column == size - 7)
                    || row == size - 7 && column == 6
                guard !isAtFinder else { continue }
                for (y, x) in QRCode.square(radius: 2, around: row, column) {
                    set(y, x, max(abs(y - row), abs(x - column)) != 1)
                }
            }
        }
    }

    private static func square(radius: Int, around row: Int, _ column: Int) -> [(Int, Int)] {
        (-radius...radius).flatMap { y in (-radius...radius).map { (row + y, column + $0) } }
    }

    /// Level and mask, twice (§7.9, figure 25): bit 14 first, around the top left finder; and again
    /// below the top right and beside the bottom left one.
    private mutating func drawFormat(_ mask: QRMask) {
        let bits = mask.formatBits
        let around = [0, 1, 2, 3, 4, 5, 7, 8]
        for index in 0..<15 {
            let isDark = bits >> UInt32(index) & 1 == 1
            if index < 8 {
                set(around[index], 8, isDark)
                set(8, size - 1 - index, isDark)
            } else {
                set(8, around[14 - index], isDark)
                set(size - 15 + index, 8, isDark)
            }
        }
        // The dark module (§7.9.1).
        set(size - 8, 8, true)
    }

    /// The version number, twice, in symbols that are large enough to need it (§7.10).
    private mutating func drawVersion(_ version: QRVersion) {
        guard let bits = version.informationBits else { return }
        for index in 0..<18 {
            let isDark = bits >> UInt32(index) & 1 == 1
            set(index / 3, size - 11 + index % 3, isDark)
            set(size - 11 + index % 3, index / 3, isDark)
        }
    }
}
