/// Reads a stream of server-sent events as it passes (WHATWG HTML §9.2.6): how it ends, whether it
/// reports a failure, and the values that its data has. It holds one short token at a time.
struct EventStreamScanner {
    private enum Place {
        case name
        case beforeValue
        case value
        /// After a CR: an LF that follows belongs to it.
        case afterCR
    }

    private enum Field {
        case data, event, other
    }

    private let scheme: StreamScheme
    private(set) var values: JSONPathScanner
    /// Where `type` is among the paths of `values`.
    private let typeIndex: Int
    private var place = Place.name
    private var field = Field.other
    private var name: [UInt8] = []
    private var eventType: [UInt8] = []
    private var dataStart: [UInt8] = []
    private var hasData = false

    /// The stream has said that it is whole.
    private(set) var isDone = false
    /// It has said that it failed.
    private(set) var hasFailed = false

    private static let nameBytesMax = 8
    /// Catalogues may name no longer ones.
    static let typeBytesMax = 64
    static let dataStartBytesMax = 16

    /// - Parameters:
    ///   - paths: of the values wanted.
    ///   - typeIndex: the place of the path `type` among them.
    init(_ scheme: StreamScheme, paths: JSONPathScanner.Paths, typeIndex: Int) {
        self.scheme = scheme
        self.typeIndex = typeIndex
        values = JSONPathScanner(paths)
    }

    mutating func feed(_ bytes: Span<UInt8>, in range: Range<Int>) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if case .value = place {
                // A line's content goes on as one piece.
                let start = index
                while index < range.upperBound, bytes[index] != 10, bytes[index] != 13 {
                    index += 1
                }
                takeValue(bytes, start..<index)
                if index == range.upperBound { return }
                endLine(byte: bytes[index])
            } else {
                if step(byte) { continue }
            }
            index += 1
        }
    }

    /// True when the byte has to be read once more, as the first of a value.
    private mutating func step(_ byte: UInt8) -> Bool {
        switch place {
        case .afterCR where byte == 10:
            place = .name
        case .afterCR, .name:
            place = .name
            switch byte {
            case 10, 13: endLine(byte: byte)
            case UInt8(ascii: ":"): beginValue()
            default: if name.count < Self.nameBytesMax { name.append(byte) }
            }
        case .beforeValue:
            switch byte {
            case 10, 13: endLine(byte: byte)
            // One blank after the colon is no part of the value; any other byte is.
            default:
                place = .value
                return byte != 32
            }
        case .value:
            break
        }
        return false
    }

    private mutating func beginValue() {
        if name.elementsEqual("data".utf8) {
            field = .data
            if hasData {
                place = .beforeValue
                return
            }
            hasData = true
            dataStart.removeAll(keepingCapacity: true)
            values.restart()
        } else if name.elementsEqual("event".utf8) {
            field = .event
            eventType.removeAll(keepingCapacity: true)
        } else {
            field = .other
        }
        place = .beforeValue
    }

    private mutating func takeValue(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        switch field {
        case .data:
            for index in range where dataStart.count < Self.dataStartBytesMax {
                dataStart.append(bytes[index])
            }
            values.feed(bytes, in: range)
        case .event:
            for index in range where eventType.count < Self.typeBytesMax {
                eventType.append(bytes[index])
            }
        case .other:
            break
        }
    }

    private mutating func endLine(byte: UInt8) {
        let isBlank: Bool
        if case .name = place { isBlank = name.isEmpty } else { isBlank = false }
        place = byte == 13 ? .afterCR : .name
        name.removeAll(keepingCapacity: true)
        if isBlank { endEvent() }
    }

    private mutating func endEvent() {
        defer {
            hasData = false
            eventType.removeAll(keepingCapacity: true)
        }
        guard hasData || !eventType.isEmpty else { return }
        var types = [String(decoding: eventType, as: UTF8.self)]
        if case .text(let type)? = values.found[typeIndex] { types.append(type) }
        if scheme.doneData.contains(where: { dataStart.elementsEqual($0.utf8) })
            || types.contains(where: scheme.doneTypes.contains)
        {
            isDone = true
        }
        if types.contains(where: scheme.errorTypes.contains) { hasFailed = true }
    }
}
