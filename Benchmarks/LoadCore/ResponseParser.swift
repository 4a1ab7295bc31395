/// Why an answer can't be read as HTTP/1.1.
package enum ResponseFault: Error, Equatable, Sendable {
    case notHTTP
    case headTooLong
    case badLength
    case badChunk
}

/// What is wanted of a body beside its length.
package struct BodyInterest: Sendable {
    /// Has to be found in the body.
    package var marker: Marker?
    /// Keep the body's bytes.
    package var keepsBody: Bool
    /// Count the ends of server-sent events: empty lines.
    package var countsEvents: Bool

    package init(marker: Marker? = nil, keepsBody: Bool = false, countsEvents: Bool = false) {
        self.marker = marker
        self.keepsBody = keepsBody
        self.countsEvents = countsEvents
    }
}

/// Reads HTTP/1.1 answers from pieces of any size, and of their heads no more than a load generator
/// needs. What it does for each byte is what the generator costs the machine that it measures.
package struct ResponseParser: Sendable {
    package private(set) var status = 0
    package private(set) var bodyBytes = 0
    package private(set) var events = 0
    package private(set) var retryAfterSeconds: Int?
    package private(set) var closesConnection = false
    package private(set) var keptBody: [UInt8] = []
    package var foundMarker: Bool { search.isFound }
    /// Something of an answer has been read, and not all of it.
    package var isWithinAnswer: Bool { phase != .head || !head.isEmpty }

    /// An answer's head is a few hundred bytes; a server's limit is usually 8 or 16 KiB.
    package static let headBytesMax = 64 << 10
    /// Bodies are kept to read a token from them; nothing longer is read.
    private static let keptBytesMax = 1 << 20

    private enum Phase: Equatable {
        case head
        case length(Int)
        case chunkSize(Int, digits: Int, isExtension: Bool)
        case chunk(Int)
        case chunkEnd(Int)
        case trailer(lineBytes: Int)
        case untilClose
    }

    private var phase = Phase.head
    /// The beginning of a head that did not come in one piece.
    private var head: [UInt8] = []
    private var search = Marker.Search()
    private var isAfterNewline = false

    package init() {}

    /// Reads on, up to the end of one answer.
    ///
    /// - Parameter start: where in `bytes` to begin.
    /// - Returns: where it stopped, and whether that is the end of an answer.
    package mutating func read(
        _ bytes: Span<UInt8>, from start: Int, _ interest: BodyInterest
    ) throws(ResponseFault) -> (position: Int, isComplete: Bool) {
        var position = start
        if phase == .head {
            guard let end = try readHead(bytes, from: start) else { return (bytes.count, false) }
            position = end
            if phase == .length(0) { return (position, finish(interest)) }
        }
        while position < bytes.count {
            switch phase {
            case .head: return (position, true)
            case .length(let left):
                let end = min(bytes.count, position + left)
                take(bytes, position..<end, interest)
                phase = .length(left - (end - position))
                position = end
                if phase == .length(0) { return (position, finish(interest)) }
            case .untilClose:
                take(bytes, position..<bytes.count, interest)
                position = bytes.count
            case .chunk(let left):
                let end = min(bytes.count, position + left)
                take(bytes, position..<end, interest)
                phase = left == end - position ? .chunkEnd(2) : .chunk(left - (end - position))
                position = end
            case .chunkSize, .chunkEnd, .trailer:
                let byte = bytes[position]
                position += 1
                if try readFraming(byte) { return (position, finish(interest)) }
            }
        }
        return (position, false)
    }

    /// The server closed: the end of an answer without a length, or a broken one.
    package mutating func readClose(_ interest: BodyInterest) -> Bool {
        phase == .untilClose && finish(interest)
    }

    private mutating func finish(_ interest: BodyInterest) -> Bool {
        if let marker = interest.marker, bodyBytes == 0 {
            let nothing: [UInt8] = []
            marker.advance(&search, over: nothing.span, in: 0..<0)
        }
        phase = .head
        return true
    }

    private mutating func take(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ interest: BodyInterest
    ) {
        bodyBytes += range.count
        if let marker = interest.marker { marker.advance(&search, over: bytes, in: range) }
        if interest.keepsBody, keptBody.count + range.count <= Self.keptBytesMax {
            for index in range { keptBody.append(bytes[index]) }
        }
        guard interest.countsEvents else { return }
        for index in range {
            switch bytes[index] {
            case Byte.newline:
                if isAfterNewline { events += 1 }
                isAfterNewline = !isAfterNewline
            case Byte.carriageReturn: break
            default: isAfterNewline = false
            }
        }
    }

    // MARK: Chunks (RFC 9112 §7.1)

    /// One byte between chunks; true when it was the last of the answer.
    private mutating func readFraming(_ byte: UInt8) throws(ResponseFault) -> Bool {
        switch phase {
        case .chunkSize(let size, let digits, let isExtension):
            if byte == Byte.newline {
                guard digits > 0 else { throw .badChunk }
                phase = size == 0 ? .trailer(lineBytes: 0) : .chunk(size)
            } else if byte == Byte.semicolon || isExtension {
                phase = .chunkSize(size, digits: digits, isExtension: true)
            } else if byte != Byte.carriageReturn {
                guard let digit = Byte.hexDigit(byte), digits < Self.chunkDigitsMax else {
                    throw .badChunk
                }
                phase = .chunkSize(size << 4 | digit, digits: digits + 1, isExtension: false)
            }
        case .chunkEnd(let left):
            guard byte == (left == 2 ? Byte.carriageReturn : Byte.newline) else { throw .badChunk }
            phase =
                left == 2 ? .chunkEnd(1) : .chunkSize(0, digits: 0, isExtension: false)
        case .trailer(let lineBytes):
            if byte == Byte.newline {
                if lineBytes == 0 { return true }
                phase = .trailer(lineBytes: 0)
            } else if byte != Byte.carriageReturn {
                phase = .trailer(lineBytes: lineBytes + 1)
            }
        case .head, .length, .chunk, .untilClose: preconditionFailure("no framing here")
        }
        return false
    }

    /// 2^48 bytes are more than any answer, and far from overflow.
    private static let chunkDigitsMax = 12

    // MARK: Heads

    /// Where the head ends, or nil when more has to come.
    private mutating func readHead(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(ResponseFault) -> Int? {
        if head.isEmpty {
            var index = start
            while index + 3 < bytes.count {
                if Self.isHeadEnd(bytes, index) {
                    try interpret(bytes, start..<index)
                    return index + 4
                }
                index += 1
            }
        }
        // The rare case: put together what came in pieces, byte by byte.
        for index in start..<bytes.count {
            head.append(bytes[index])
            guard head.count <= Self.headBytesMax else { throw .headTooLong }
            guard head.count >= 4, bytes[index] == Byte.newline else { continue }
            let end = head.count - 4
            guard Self.isHeadEnd(head.span, end) else { continue }
            let whole = head
            head = []
            try interpret(whole.span, 0..<end)
            return index + 1
        }
        return nil
    }

    private static func isHeadEnd(_ bytes: Span<UInt8>, _ index: Int) -> Bool {
        bytes[index] == Byte.carriageReturn && bytes[index + 1] == Byte.newline
            && bytes[index + 2] == Byte.carriageReturn && bytes[index + 3] == Byte.newline
    }

    private mutating func interpret(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ResponseFault) {
        status = try Self.status(bytes, range)
        bodyBytes = 0
        events = 0
        isAfterNewline = false
        retryAfterSeconds = nil
        if !keptBody.isEmpty { keptBody = [] }
        search = Marker.Search()
        var length: Int?
        var isChunked = false
        // HTTP/1.0 closes unless told otherwise; only the last digit of the version differs.
        closesConnection = bytes[range.lowerBound + 7] == UInt8(ascii: "0")
        var line = range.lowerBound
        while line < range.upperBound {
            var end = line
            while end < range.upperBound, bytes[end] != Byte.carriageReturn { end += 1 }
            // Only these first letters begin a header that matters.
            switch bytes[line] | 0x20 {
            case UInt8(ascii: "c"):
                if let value = HeaderLine.value(bytes, line..<end, of: "content-length") {
                    guard let number = HeaderLine.number(bytes, value) else { throw .badLength }
                    length = number
                } else if let value = HeaderLine.value(bytes, line..<end, of: "connection") {
                    if HeaderLine.contains(bytes, value, "close") { closesConnection = true }
                    if HeaderLine.contains(bytes, value, "keep-alive") { closesConnection = false }
                }
            case UInt8(ascii: "t"):
                if let value = HeaderLine.value(bytes, line..<end, of: "transfer-encoding") {
                    isChunked = HeaderLine.contains(bytes, value, "chunked")
                }
            case UInt8(ascii: "r"):
                if let value = HeaderLine.value(bytes, line..<end, of: "retry-after") {
                    retryAfterSeconds = HeaderLine.number(bytes, value)
                }
            default: break
            }
            line = end + 2
        }
        if isChunked {
            phase = .chunkSize(0, digits: 0, isExtension: false)
        } else if let length {
            phase = .length(length)
        } else if status == 204 || status == 304 {
            phase = .length(0)
        } else {
            phase = .untilClose
            closesConnection = true
        }
    }

    /// `HTTP/1.1 200 OK`.
    private static func status(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(ResponseFault) -> Int {
        let start = range.lowerBound
        guard range.count >= 12, bytes[start] == UInt8(ascii: "H"),
            bytes[start + 1] == UInt8(ascii: "T"), bytes[start + 5] == UInt8(ascii: "1"),
            bytes[start + 8] == Byte.space,
            let status = HeaderLine.number(bytes, start + 9..<start + 12), status >= 100
        else { throw .notHTTP }
        return status
    }
}
