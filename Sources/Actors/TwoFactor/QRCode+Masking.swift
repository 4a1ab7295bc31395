/// One of the eight patterns that a symbol's data is inverted by, so that it has no large areas and
/// nothing that looks like a finder (ISO/IEC 18004:2015 §7.8.2).
struct QRMask: Equatable, Sendable {
    let number: Int

    static let all = (0..<8).map { QRMask(number: $0) }

    func inverts(_ row: Int, _ column: Int) -> Bool {
        switch number {
        case 0: (row + column).isMultiple(of: 2)
        case 1: row.isMultiple(of: 2)
        case 2: column.isMultiple(of: 3)
        case 3: (row + column).isMultiple(of: 3)
        case 4: (row / 2 + column / 3).isMultiple(of: 2)
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3).isMultiple(of: 2)
        default: ((row + column) % 2 + row * column % 3).isMultiple(of: 2)
        }
    }

    /// Level M (00) and the mask with ten check bits, inverted by a fixed pattern (Annex C).
    var formatBits: UInt32 {
        QRVersion.appendingRemainder(UInt32(number), checkBits: 10, generator: 0x537) ^ 0x5412
    }
}

extension QRCode {
    /// How badly a scanner would read the symbol: the sum of four rules (§7.8.3.1, table 11).
    var penalty: Int {
        let rows = (0..<size).map { row in (0..<size).map { isDark(row, $0) } }
        let columns = (0..<size).map { column in (0..<size).map { isDark($0, column) } }
        let lines = (rows + columns).reduce(0) { $0 + QRPenalty.line($1) }
        return lines + QRPenalty.blocks(rows) + QRPenalty.balance(rows)
    }
}

enum QRPenalty {
    /// Runs of five or more of one colour, and what a scanner could take for a finder pattern.
    static func line(_ modules: [Bool]) -> Int {
        let runs = self.runs(modules)
        let long = runs.reduce(0) { $1 >= 5 ? $0 + 3 + ($1 - 5) : $0 }
        return long + 40 * finderLikes(runs)
    }

    /// Lengths of the runs, light and dark in turn. The first and the last are light and reach into
    /// the quiet zone, which counts as four light modules.
    private static func runs(_ modules: [Bool]) -> [Int] {
        var runs = [0]
        var colour = false
        for module in modules {
            if module != colour {
                runs.append(0)
                colour = module
            }
            runs[runs.count - 1] += 1
        }
        return colour ? runs + [0] : runs
    }

    /// Dark runs in the ratio 1:1:3:1:1 with four light modules before or after them.
    private static func finderLikes(_ runs: [Int]) -> Int {
        guard runs.count >= 7 else { return 0 }
        var count = 0
        for start in stride(from: 1, through: runs.count - 6, by: 2) {
            guard runs[start..<start + 5].elementsEqual([1, 1, 3, 1, 1]) else { continue }
            let isLightBefore = start == 1 || runs[start - 1] >= 4
            let isLightAfter = start + 5 == runs.count - 1 || runs[start + 5] >= 4
            count += (isLightBefore ? 1 : 0) + (isLightAfter ? 1 : 0)
        }
        return count
    }

    /// Every 2 × 2 block of one colour, overlapping ones too.
    static func blocks(_ rows: [[Bool]]) -> Int {
        var count = 0
        for (upper, lower) in zip(rows, rows.dropFirst()) {
            for column in 1..<upper.count {
                let colour = upper[column]
                if upper[column - 1] == colour, lower[column] == colour, lower[column - 1] == colour
                {
                    count += 1
                }
            }
        }
        return 3 * count
    }

    /// Ten points for each whole 5 % that the share of dark modules lies off one half.
    static func balance(_ rows: [[Bool]]) -> Int {
        let total = rows.reduce(0) { $0 + $1.count }
        let dark = rows.reduce(0) { $0 + $1.count(where: \.self) }
        return abs(dark * 20 - total * 10) / total * 10
    }
}
