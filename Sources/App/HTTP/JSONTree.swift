/// JSON whose members keep the order they were written in: for the documents that are built once,
/// compared with golden files and read by people.
package indirect enum JSONTree: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONTree])
    case object([(String, JSONTree)])

    /// Without any white space.
    package var compact: [UInt8] {
        var text: [UInt8] = []
        write(to: &text, indent: nil)
        return text
    }

    /// Indented by two spaces, with a line break at the end.
    package var pretty: [UInt8] {
        var text: [UInt8] = []
        write(to: &text, indent: 0)
        text.append(UInt8(ascii: "\n"))
        return text
    }

    package static func == (left: JSONTree, right: JSONTree) -> Bool {
        left.compact == right.compact
    }

    private func write(to text: inout [UInt8], indent: Int?) {
        switch self {
        case .null: text += "null".utf8
        case .boolean(let value): text += (value ? "true" : "false").utf8
        case .integer(let value): text += String(value).utf8
        case .string(let value): JSONTree.write(value, to: &text)
        case .array(let values):
            JSONTree.write(values, between: ("[", "]"), to: &text, indent: indent) {
                value, text, inner in value.write(to: &text, indent: inner)
            }
        case .object(let members):
            JSONTree.write(members, between: ("{", "}"), to: &text, indent: indent) {
                member, text, inner in
                JSONTree.write(member.0, to: &text)
                text += (inner == nil ? ":" : ": ").utf8
                member.1.write(to: &text, indent: inner)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], between brackets: (String, String), to text: inout [UInt8], indent: Int?,
        each: (Item, inout [UInt8], Int?) -> Void
    ) {
        text += brackets.0.utf8
        let inner = indent.map { $0 + 2 }
        for (index, item) in items.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            breakLine(&text, inner)
            each(item, &text, inner)
        }
        if !items.isEmpty { breakLine(&text, indent) }
        text += brackets.1.utf8
    }

    private static func breakLine(_ text: inout [UInt8], _ indent: Int?) {
        guard let indent else { return }
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
    }

    /// Whether a byte stands for itself, which all of most strings do.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// A string with its quotes. Besides what RFC 8259 §7 demands, U+007F is escaped, so that no
    /// terminal that shows a log line is steered by it.
    package static func write(_ value: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        // Native strings give their bytes without a copy; a loop over a view costs ten times that.
        var native = value
        let isWritten = native.withUTF8 { bytes in
            guard unsafe bytes.allSatisfy(isPlain) else { return false }
            unsafe text.append(contentsOf: bytes)
            return true
        }
        if isWritten { return text.append(UInt8(ascii: "\"")) }
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0x0a: text += "\\n".utf8
            case 0x0d: text += "\\r".utf8
            case 0x09: text += "\\t".utf8
            case 0..<0x20, 0x7f:
                text += (byte < 0x10 ? "\\u000" : "\\u00").utf8
                text += String(byte, radix: 16).utf8
            case let byte: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
