/// Why bytes are not JSON (RFC 8259), or are more than we read.
enum JSONFault: Error, Equatable {
    case malformed(offset: Int)
    /// Arrays and objects in each other.
    case tooDeep(offset: Int)
}

/// A strict reader that goes once over bytes and builds nothing that nobody asked for. It is for
/// the bodies of high-throughput callers; everything else is decoded by Codable.
struct JSONScanner {
    private let bytes: [UInt8]
    private(set) var index: Int
    private let end: Int

    /// Far deeper than anything that callers send us.
    static let depthMax = 16

    init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        index = range.lowerBound
        end = range.upperBound
    }

    init(_ bytes: [UInt8]) { self.init(bytes, in: 0..<bytes.count) }

    private var fault: JSONFault { .malformed(offset: index) }

    /// The next byte that is no white space, without taking it; nil at the end.
    mutating func peek() -> UInt8? {
        while index < end {
            switch bytes[index] {
            case 0x20, 0x0a, 0x0d, 0x09: index += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Throws unless nothing but white space is left.
    mutating func finish() throws(JSONFault) {
        guard peek() == nil else { throw fault }
    }

    private mutating func take(_ byte: UInt8) throws(JSONFault) {
        guard peek() == byte else { throw fault }
        index += 1
    }

    // MARK: Structure

    /// Calls `element` at the start of each element; it has to take exactly one value.
    mutating func array(
        _ element: (inout JSONScanner) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try take(UInt8(ascii: "["))
        if peek() == UInt8(ascii: "]") {
            index += 1
            return
        }
        while true {
            try element(&self)
            if try !comma(before: UInt8(ascii: "]")) { return }
        }
    }

    /// Calls `member` with each name; it has to take exactly one value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(JSONFault) -> Void
    ) throws(JSONFault) {
        try take(UInt8(ascii: "{"))
        if peek() == UInt8(ascii: "}") {
            index += 1
            return
        }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw fault }
            let name = try string()
            try take(UInt8(ascii: ":"))
            try member(&self, name)
            if try !comma(before: UInt8(ascii: "}")) { return }
        }
    }

    private mutating func comma(before closing: UInt8) throws(JSONFault) -> Bool {
        switch peek() {
        case UInt8(ascii: ","):
            index += 1
            return true
        case closing:
            index += 1
            return false
        default:
            throw fault
        }
    }

    // MARK: Values

    enum Value: Equatable {
        case null
        case boolean(Bool)
        case string(String)
        case number(Double)
        /// A number without fraction and exponent that fits.
        case integer(Int64)
        /// An array or object; it was read over.
        case container
    }

    /// Takes one value of any kind.
    mutating func value(depth: Int = 0) throws(JSONFault) -> Value {
        switch peek() {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"):
            try checkDepth(depth)
            try object { scanner, _ throws(JSONFault) in _ = try scanner.value(depth: depth + 1) }
            return .container
        case UInt8(ascii: "["):
            try checkDepth(depth)
            try array { scanner throws(JSONFault) in _ = try scanner.value(depth: depth + 1) }
            return .container
        case UInt8(ascii: "t"):
            try word("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default: return try number()
        }
    }

    private func checkDepth(_ depth: Int) throws(JSONFault) {
        guard depth < Self.depthMax else { throw .tooDeep(offset: index) }
    }

    private mutating func word(_ word: StaticString) throws(JSONFault) {
        let count = word.utf8CodeUnitCount
        guard end - index >= count else { throw fault }
        for offset in 0..<count {
            // The offset is below the literal's length.
            let expected = unsafe word.utf8Start[offset]
            guard bytes[index + offset] == expected else { throw fault }
        }
        index += count
    }

    private mutating func number() throws(JSONFault) -> Value {
        let start = index
        func digits() -> Int {
            let first = index
            while index < end, isDigit(bytes[index]) { index += 1 }
            return index - first
        }
        if index < end, bytes[index] == UInt8(ascii: "-") { index += 1 }
        let isZero = index < end && bytes[index] == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !isZero || whole == 1 else { throw .malformed(offset: start) }
        var isInteger = true
        if index < end, bytes[index] == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            guard digits() > 0 else { throw .malformed(offset: start) }
        }
        if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            if index < end, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard digits() > 0 else { throw .malformed(offset: start) }
        }
        if isInteger, index - start <= Self.shortDigitsMax { return .integer(short(start)) }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .malformed(offset: start) }
        return .number(value)
    }

    /// So many characters of a whole number fit into 64 bits whatever they are.
    private static let shortDigitsMax = 18

    /// The whole number from `start` to here, whose shape has been checked.
    private func short(_ start: Int) -> Int64 {
        let isNegative = bytes[start] == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in bytes[(isNegative ? start + 1 : start)..<index] {
            value = value * 10 + Int64(byte - 48)
        }
        return isNegative ? -value : value
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

    // MARK: Strings

    /// Takes a string; the next byte has to be its quote.
    private mutating func string() throws(JSONFault) -> String {
        let start = index + 1
        var place = start
        var allBits: UInt8 = 0
        while place < end {
            let byte = bytes[place]
            allBits |= byte
            switch byte {
            case UInt8(ascii: "\""):
                index = place + 1
                // ASCII needs no validation, which is most of what a short string costs.
                if allBits < 0x80 { return String(decoding: bytes[start..<place], as: UTF8.self) }
                guard let text = String(validating: bytes[start..<place], as: UTF8.self) else {
                    throw .malformed(offset: start - 1)
                }
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(start, firstEscape: place)
            case 0..<0x20:
                throw .malformed(offset: place)
            default:
                place += 1
            }
        }
        throw fault
    }

    private mutating func escapedString(
        _ start: Int, firstEscape: Int
    ) throws(JSONFault) -> String {
        var text = Array(bytes[start..<firstEscape])
        index = firstEscape
        while index < end {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else { throw fault }
                return valid
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault
            default: text.append(byte)
            }
        }
        throw fault
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONFault) {
        guard index < end else { throw fault }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(try unicodeEscape()).utf8)
        default: throw fault
        }
    }

    /// One scalar of one or two `\u` escapes; half a surrogate pair is no character.
    private mutating func unicodeEscape() throws(JSONFault) -> Character {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard (0xd800..<0xdc00).contains(first), end - index >= 2,
            bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { throw fault }
        index += 2
        let second = try hexadecimal()
        guard (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(
                0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
        else { throw fault }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(JSONFault) -> UInt16 {
        guard end - index >= 4 else { throw fault }
        var value: UInt16 = 0
        for byte in bytes[index..<index + 4] {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 65...70: digit = byte - 55
            case 97...102: digit = byte - 87
            default: throw fault
            }
            value = value << 4 | UInt16(digit)
        }
        index += 4
        return value
    }
}
