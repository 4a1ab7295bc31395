/// Picks a few values out of a JSON text that arrives in pieces of any size, in bounded memory:
/// what an answer of fifty megabytes says about its usage costs no more room than that of a small
/// one.
///
/// It is no validator. A text that is no JSON finds nothing, or stops the scanner.
struct JSONPathScanner {
    enum Value: Equatable, Sendable {
        case text(String)
        case integer(Int64)
        case null
        case other
    }

    /// Paths as they are compared; made once for all texts of a kind.
    struct Paths: Sendable {
        fileprivate let parts: [[[UInt8]]]

        var count: Int { parts.count }

        init(_ paths: [JSONPath]) {
            parts = paths.map { $0.parts.map { Array($0.utf8) } }
        }
    }

    /// The paths, by place; a bit of a mask stands for each.
    private let paths: [[[UInt8]]]
    /// What was found, by place. A later value replaces an earlier one.
    private(set) var found: [Value?]

    private enum State {
        case value, key, colon, afterValue
        case text, textEscape
        case scalar
        case stopped
    }

    private var state = State.value
    /// One for each open container: whether it is an object, and which paths go through it.
    private var stack: [(isObject: Bool, mask: UInt64)] = []
    /// The paths that the next value may belong to.
    private var mask: UInt64
    private var isKey = false
    private var token: [UInt8] = []
    /// The token is longer than anything that is kept.
    private var isCut = false

    static let pathsMax = 64
    /// Deeper than any provider nests; what is beyond is not followed.
    private static let depthMax = 64
    /// Codes, ids and messages; longer texts are cut.
    private static let tokenBytesMax = 512

    init(_ paths: Paths) {
        precondition(paths.count <= Self.pathsMax)
        self.paths = paths.parts
        found = Array(repeating: nil, count: paths.count)
        mask = Self.all(paths.count)
    }

    private static func all(_ count: Int) -> UInt64 {
        count == 64 ? .max : (1 << UInt64(count)) - 1
    }

    /// Begins another text, and keeps what was found.
    mutating func restart() {
        state = .value
        stack.removeAll(keepingCapacity: true)
        mask = Self.all(paths.count)
        token.removeAll(keepingCapacity: true)
    }

    mutating func forget() {
        for index in found.indices { found[index] = nil }
    }

    mutating func feed(_ bytes: Span<UInt8>, in range: Range<Int>) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            switch state {
            case .text where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\"):
                keep(byte)
            case .scalar where !Self.endsScalar(byte):
                keep(byte)
            case .stopped:
                return
            default:
                // The end of a scalar is read again as what it is.
                if step(byte) { continue }
            }
            index += 1
        }
    }

    /// True when the byte has to be read once more in the new state.
    private mutating func step(_ byte: UInt8) -> Bool {
        switch state {
        case .text:
            if byte == UInt8(ascii: "\\") { state = .textEscape } else { endText() }
        case .textEscape:
            keep(Self.unescaped(byte))
            state = .text
        case .scalar:
            endScalar()
            return true
        case .value: begin(byte)
        case .key: beginKey(byte)
        case .colon:
            if byte == UInt8(ascii: ":") { state = .value } else { skipBlank(byte) }
        case .afterValue: afterValue(byte)
        case .stopped: break
        }
        return false
    }

    private mutating func skipBlank(_ byte: UInt8) {
        if !Self.isBlank(byte) { state = .stopped }
    }

    private mutating func begin(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            startToken(isKey: false)
            state = .text
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard stack.count < Self.depthMax else {
                state = .stopped
                return
            }
            let isObject = byte == UInt8(ascii: "{")
            stack.append((isObject, isObject ? mask : 0))
            mask = 0
            state = isObject ? .key : .value
        case UInt8(ascii: "]"):
            close(isObject: false)
        default:
            if Self.isBlank(byte) { return }
            startToken(isKey: false)
            keep(byte)
            state = .scalar
        }
    }

    private mutating func beginKey(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            startToken(isKey: true)
            state = .text
        case UInt8(ascii: "}"): close(isObject: true)
        default: skipBlank(byte)
        }
    }

    private mutating func afterValue(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: ","):
            guard let top = stack.last else {
                state = .stopped
                return
            }
            mask = 0
            state = top.isObject ? .key : .value
        case UInt8(ascii: "}"): close(isObject: true)
        case UInt8(ascii: "]"): close(isObject: false)
        default: skipBlank(byte)
        }
    }

    private mutating func close(isObject: Bool) {
        guard stack.popLast()?.isObject == isObject else {
            state = .stopped
            return
        }
        state = .afterValue
    }

    // MARK: Tokens

    private mutating func startToken(isKey: Bool) {
        self.isKey = isKey
        token.removeAll(keepingCapacity: true)
        isCut = false
    }

    private mutating func keep(_ byte: UInt8) {
        // Nobody asks for a value that no path leads to.
        guard isKey || mask != 0 else { return }
        guard token.count < Self.tokenBytesMax else {
            isCut = true
            return
        }
        token.append(byte)
    }

    private mutating func endText() {
        guard isKey else {
            if mask != 0 { record(.text(String(decoding: token, as: UTF8.self))) }
            state = .afterValue
            return
        }
        let depth = stack.count - 1
        mask = 0
        if let open = stack.last?.mask, open != 0, !isCut {
            for (index, path) in paths.enumerated()
            where open & (1 << UInt64(index)) != 0 && path.count > depth && path[depth] == token {
                mask |= 1 << UInt64(index)
            }
        }
        state = .colon
    }

    private mutating func endScalar() {
        state = .afterValue
        guard mask != 0 else { return }
        let value: Value =
            if token.elementsEqual("null".utf8) {
                .null
            } else if let number = Int64(String(decoding: token, as: UTF8.self)) {
                .integer(number)
            } else {
                .other
            }
        record(value)
    }

    private mutating func record(_ value: Value) {
        guard mask != 0 else { return }
        for index in paths.indices
        where mask & (1 << UInt64(index)) != 0 && paths[index].count == stack.count {
            // A null says that the value is not known yet; it does not take back one that was.
            if value != .null || found[index] == nil { found[index] = value }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 32 || byte == 10 || byte == 13 || byte == 9
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
            || byte == UInt8(ascii: "]")
    }

    /// Enough to compare codes by: `\u` escapes keep their digits.
    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"),
            UInt8(ascii: "f"):
            UInt8(ascii: " ")
        default: byte
        }
    }
}
