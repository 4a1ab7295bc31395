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
        let theirs = try? JSONDecoder().decode(Any1.self, from: Data(bytes))
        switch (ours, theirs?.value) {
        case (nil, nil): break
        case (let ours?, nil):
            // Foundation refuses integers that are written with an exponent or are too large.
            if case .number = ours { return }
            require(!hasOddNumber(bytes), "")
        case (nil, _?):
            if case .tooDeep = fault { return }
            require(hasOddNumber(bytes) || hasSurrogate(bytes), "what Foundation reads, we read")
        case (let ours?, let theirs?):
            require(comparable(ours) == comparable(theirs), "both read the same value")
        }
    }

    /// Foundation reads 1.0 as an integer as well.
    private static func comparable(_ value: JSONScanner.Value) -> JSONScanner.Value {
        if case .integer(let integer) = value { return .number(Double(integer)) }
        return value
    }

    /// A number beyond what a Double holds; we refuse it, and Foundation differs by its size.
    private static func hasOddNumber(_ bytes: [UInt8]) -> Bool {
        bytes.contains { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
            || bytes.split { !(48...57).contains($0) }.contains { $0.count > 15 }
    }

    /// Half of a pair is no character; we refuse it.
    private static func hasSurrogate(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).lowercased().contains("\\ud")
    }

    /// A value of any type, as Foundation reads it.
    private struct Any1: Decodable {
        let value: JSONScanner.Value

        init(from decoder: any Decoder) throws {
            if (try? decoder.unkeyedContainer()) != nil
                || (try? decoder.container(keyedBy: AnyKey.self)) != nil
            {
                value = .container
                return
            }
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let boolean = try? container.decode(Bool.self) {
                value = .boolean(boolean)
            } else if let text = try? container.decode(String.self) {
                value = .string(text)
            } else if let integer = try? container.decode(Int64.self) {
                value = .integer(integer)
            } else {
                value = .number(try container.decode(Double.self))
            }
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
