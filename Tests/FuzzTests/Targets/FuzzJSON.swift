import Foundation

@testable import App

/// Our JSON reader beside Foundation's: what one takes, the other has to take, with the same
/// meaning, except where we are stricter on purpose.
enum FuzzJSON {
    static func json(_ bytes: [UInt8]) {
        var scanner = JSONScanner(bytes)
        var ours: JSONScanner.Value?
        var fault: JSONFault?
        do throws(JSONFault) {
            let value = try scanner.value()
            try scanner.finish()
            ours = value
        } catch { fault = error }
        // Foundation guesses the encoding; ours is always UTF-8 without a mark.
        guard bytes.prefix(4).allSatisfy({ $0 != 0 && $0 < 0xef }),
            String(validating: bytes, as: UTF8.self) != nil
        else { return }
        // Not its decoder: that looks into a text only when somebody asks for it.
        let theirs = try? JSONSerialization.jsonObject(
            with: Data(bytes), options: .fragmentsAllowed)
        switch (ours, theirs) {
        case (nil, nil): break
        case (_?, nil): require(hasOddNumber(bytes), "what we read, Foundation reads")
        case (nil, _?):
            if case .tooDeep = fault { return }
            require(
                hasOddNumber(bytes) || hasSurrogate(bytes) || hasTrailingComma(bytes),
                "what Foundation reads, we read")
        case (let ours?, let theirs?):
            // Foundation rounds numbers of many digits to a neighbour; Double's reader is exact.
            if case .number = ours, hasOddNumber(bytes) { return }
            require(isSame(ours, theirs), "both read the same value")
        }
    }

    private static func isSame(_ ours: JSONScanner.Value, _ theirs: Any) -> Bool {
        switch ours {
        case .null: theirs is NSNull
        case .boolean(let value): (theirs as? NSNumber)?.boolValue == value
        case .string(let text): theirs as? String == text
        case .integer(let value): (theirs as? NSNumber)?.doubleValue == Double(value)
        case .number(let value): (theirs as? NSNumber)?.doubleValue == value
        case .container: theirs is [Any] || theirs is [String: Any]
        }
    }

    /// A number beyond what a Double holds; we refuse it, and Foundation differs by its size.
    private static func hasOddNumber(_ bytes: [UInt8]) -> Bool {
        bytes.contains { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
            || bytes.split { !(46...57).contains($0) }.contains { $0.count > 15 }
    }

    /// Foundation takes a comma behind the last element, which RFC 8259 does not.
    private static func hasTrailingComma(_ bytes: [UInt8]) -> Bool {
        let visible = bytes.filter { ![0x20, 0x0a, 0x0d, 0x09].contains($0) }
        return zip(visible, visible.dropFirst()).contains { first, second in
            first == UInt8(ascii: ",")
                && (second == UInt8(ascii: "]") || second == UInt8(ascii: "}"))
        }
    }

    /// Half of a pair is no character; we refuse it.
    private static func hasSurrogate(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).lowercased().contains("\\ud")
    }
}
