/// The few bytes that the wire format is made of.
package enum Byte {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let semicolon = UInt8(ascii: ";")
    static let colon = UInt8(ascii: ":")

    static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

/// Reads header lines in place, without making strings of them.
enum HeaderLine {
    /// Where the value of the line is when the line's name is this one, which is in lower case.
    static func value(
        _ bytes: Span<UInt8>, _ line: Range<Int>, of name: StaticString
    ) -> Range<Int>? {
        let count = name.utf8CodeUnitCount
        guard line.count > count, bytes[line.lowerBound + count] == Byte.colon,
            matches(bytes, at: line.lowerBound, name)
        else { return nil }
        var start = line.lowerBound + count + 1
        var end = line.upperBound
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Digits only; nil for anything else, and for what is too long to be meant.
    static func number(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 15 else { return nil }
        var number = 0
        for index in range {
            let digit = Int(bytes[index]) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit) else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// Whether a list such as `gzip, chunked` has this word, which is in lower case.
    static func contains(_ bytes: Span<UInt8>, _ range: Range<Int>, _ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard range.count >= count else { return false }
        for start in range.lowerBound...range.upperBound - count
        where matches(bytes, at: start, word) {
            return true
        }
        return false
    }

    private static func matches(_ bytes: Span<UInt8>, at start: Int, _ name: StaticString) -> Bool {
        for index in 0..<name.utf8CodeUnitCount {
            // Safe: a literal of ASCII is UTF-8 in memory, and the index is within its count.
            let expected = unsafe name.utf8Start[index]
            // Lower case for letters; the dash has that bit already.
            guard bytes[start + index] | 0x20 == expected else { return false }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == Byte.space || byte == Byte.tab }
}
