/// Follows the chunks of a body (RFC 9112 §7.1), to know what of it is content and where it ends.
/// Strict: CR LF only, extensions and trailers within bounds, nothing else between.
struct ChunkReader {
    enum Step: Equatable {
        /// Content at these places.
        case content(Range<Int>)
        /// The body ended before this place.
        case end(Int)
        /// All bytes are read.
        case more
    }

    private enum State {
        case sizeStart, size, extensions, sizeLF
        case content, contentCR, contentLF
        case trailerStart, trailerName, trailer, trailerLF, lastLF
    }

    private var state = State.sizeStart
    private var left = 0
    /// Of extensions and trailers together, none of which mean anything to us.
    private var unusedBytes = 0

    private static let unusedBytesMax = 16_384

    /// Reads on from `index`, to the next piece of content or the end.
    mutating func next(
        _ bytes: Span<UInt8>, from index: inout Int
    ) throws(AnswerFault) -> Step {
        while index < bytes.count {
            if case .content = state {
                let end = min(index + left, bytes.count)
                let range = index..<end
                left -= range.count
                index = end
                if left == 0 { state = .contentCR }
                return .content(range)
            }
            let byte = bytes[index]
            index += 1
            if try step(byte) { return .end(index) }
        }
        return .more
    }

    /// True at the end of the body.
    private mutating func step(_ byte: UInt8) throws(AnswerFault) -> Bool {
        switch state {
        case .sizeStart:
            guard let digit = Self.digit(byte) else { throw .malformed("no chunk size") }
            left = digit
            state = .size
        case .size:
            if let digit = Self.digit(byte) {
                guard left < 1 << 48 else { throw .malformed("an absurd chunk size") }
                left = left << 4 | digit
            } else {
                state = try afterSize(byte)
            }
        case .extensions:
            try unused(byte)
            if byte == 13 { state = .sizeLF }
        case .sizeLF:
            try expect(10, byte)
            state = left == 0 ? .trailerStart : .content
        case .contentCR:
            try expect(13, byte)
            state = .contentLF
        case .contentLF:
            try expect(10, byte)
            state = .sizeStart
        case .trailerStart where byte == 13:
            state = .lastLF
        case .trailerStart:
            try trailerName(byte)
            state = .trailerName
        case .trailerName where byte == UInt8(ascii: ":"):
            state = .trailer
        case .trailerName:
            try trailerName(byte)
        case .trailer:
            if byte == 13 { state = .trailerLF } else { try unused(byte) }
        case .trailerLF:
            try expect(10, byte)
            state = .trailerStart
        case .lastLF:
            try expect(10, byte)
            return true
        case .content:
            preconditionFailure("content is read by next()")
        }
        return false
    }

    private func afterSize(_ byte: UInt8) throws(AnswerFault) -> State {
        switch byte {
        case 13: return .sizeLF
        case UInt8(ascii: ";"): return .extensions
        default: throw .malformed("a malformed chunk size")
        }
    }

    private func expect(_ wanted: UInt8, _ byte: UInt8) throws(AnswerFault) {
        guard byte == wanted else { throw .malformed("a malformed chunk") }
    }

    private mutating func trailerName(_ byte: UInt8) throws(AnswerFault) {
        guard FieldName.isToken(byte) else { throw .malformed("a malformed trailer") }
        try unused(byte)
    }

    private mutating func unused(_ byte: UInt8) throws(AnswerFault) {
        unusedBytes += 1
        guard byte != 10, byte != 0, unusedBytes <= Self.unusedBytesMax else {
            throw .malformed("a malformed chunk extension or trailer")
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}
