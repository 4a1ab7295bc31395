package import NIOCore

/// Turns a server's bytes into operations. Pure: bytes go in as they come, in pieces of any size,
/// and come out as operations; hostile or torn input is an error and never a trap.
///
/// After an error nothing more can be understood, so every further call throws the same.
package struct ProtocolParser: Sendable {
    private var buffer = ByteBuffer()
    /// How far the search for the end of a line has come: no byte is looked at twice.
    private var scanned = 0
    private var expected: Expected?
    private var failure: ProtocolError?

    /// The head of a message whose bytes are on their way.
    private struct Expected {
        let subject: String
        let subscription: UInt64
        let reply: String?
        /// Nil when the message has none.
        let headerBytes: Int?
        /// Headers and payload.
        let totalBytes: Int
    }

    private static let carriageReturn: UInt8 = 0x0d
    private static let lineFeed: UInt8 = 0x0a
    private static let lineEndBytes = 2

    package init() {}

    /// Bytes that are not part of any operation yet.
    package var unreadBytes: Int { buffer.readableBytes }

    package mutating func feed(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole operation; nil when more bytes are needed.
    package mutating func next() throws(ProtocolError) -> ServerOperation? {
        if let failure { throw failure }
        do throws(ProtocolError) {
            return try parse()
        } catch {
            failure = error
            buffer = ByteBuffer()
            throw error
        }
    }

    private mutating func parse() throws(ProtocolError) -> ServerOperation? {
        if expected == nil {
            guard let line = try takeLine() else { return nil }
            if let operation = try parse(line) { return operation }
        }
        return try takeMessage()
    }

    // MARK: Lines

    private mutating func takeLine() throws(ProtocolError) -> [UInt8]? {
        let view = buffer.readableBytesView
        let limit = Self.lineLimit(firstByte: view.first)
        let unseen = view.dropFirst(scanned)
        guard let end = unseen.firstIndex(of: Self.lineFeed) else {
            scanned = view.count
            guard scanned <= limit else { throw .lineTooLong(limit: limit) }
            return nil
        }
        let length = end - view.startIndex
        guard length <= limit else { throw .lineTooLong(limit: limit) }
        guard length > 0, view[end - 1] == Self.carriageReturn else {
            throw .malformed("a line that does not end in a carriage return and a line feed")
        }
        let line = Array(view[view.startIndex..<end - 1])
        buffer.moveReaderIndex(forwardBy: length + 1)
        scanned = 0
        return line
    }

    private static func lineLimit(firstByte: UInt8?) -> Int {
        // Of all operations only INFO begins with an I.
        firstByte == UInt8(ascii: "I") || firstByte == UInt8(ascii: "i")
            ? ProtocolLimits.infoLineBytesMax : ProtocolLimits.controlLineBytesMax
    }

    /// Nil when the line is the head of a message.
    private mutating func parse(_ line: [UInt8]) throws(ProtocolError) -> ServerOperation? {
        let name = line.prefix { !Self.isBlank($0) }
        let rest = line.dropFirst(name.count).drop(while: Self.isBlank)
        switch String(decoding: name.prefix(8), as: UTF8.self).uppercased() {
        case "MSG": expected = try Self.messageHead(rest, hasHeaders: false)
        case "HMSG": expected = try Self.messageHead(rest, hasHeaders: true)
        case "PING": return .ping
        case "PONG": return .pong
        case "+OK": return .ok
        case "INFO": return .info(Array(rest))
        case "-ERR": return .error(Self.unquoted(rest))
        case let other: throw .unknownOperation(other)
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func unquoted(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.filter { $0 != UInt8(ascii: "'") }, as: UTF8.self)
    }

    // MARK: Messages

    /// `subject sid [reply] [headers] total`
    private static func messageHead(
        _ text: ArraySlice<UInt8>, hasHeaders: Bool
    ) throws(ProtocolError) -> Expected {
        let parts = text.split(whereSeparator: isBlank)
        let required = hasHeaders ? 4 : 3
        guard parts.count == required || parts.count == required + 1 else {
            throw .malformed("a message's head with \(parts.count) parts")
        }
        let subject = try self.subject(parts[0])
        let subscription = try number(parts[1], digitsMax: ProtocolLimits.subscriptionDigitsMax)
        let reply = parts.count > required ? try self.subject(parts[2]) : nil
        let total = try size(parts[parts.count - 1])
        guard total <= ProtocolLimits.messageBytesMax else {
            throw .messageTooLarge(bytes: total, limit: ProtocolLimits.messageBytesMax)
        }
        let headers = hasHeaders ? try size(parts[parts.count - 2]) : nil
        if let headers, headers > min(total, ProtocolLimits.headerBytesMax) {
            throw .invalidHeaders("\(headers) bytes of \(total)")
        }
        return Expected(
            subject: subject, subscription: subscription, reply: reply, headerBytes: headers,
            totalBytes: total)
    }

    private static func subject(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("a subject that is not UTF-8")
        }
        return text
    }

    private static func size(_ bytes: ArraySlice<UInt8>) throws(ProtocolError) -> Int {
        Int(try number(bytes, digitsMax: ProtocolLimits.sizeDigitsMax))
    }

    /// At most 19 digits, so it always fits.
    private static func number(
        _ bytes: ArraySlice<UInt8>, digitsMax: Int
    ) throws(ProtocolError) -> UInt64 {
        guard !bytes.isEmpty, bytes.count <= digitsMax else { throw .malformed("a number") }
        var value: UInt64 = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { throw .malformed("a number") }
            value = value * 10 + UInt64(byte - 0x30)
        }
        return value
    }

    private mutating func takeMessage() throws(ProtocolError) -> ServerOperation? {
        guard let expected else { return nil }
        guard buffer.readableBytes >= expected.totalBytes + Self.lineEndBytes else { return nil }
        var headers: Headers?
        if let count = expected.headerBytes {
            headers = try Headers(parsing: buffer.readBytes(length: count) ?? [])
        }
        let payload = buffer.readBytes(length: expected.totalBytes - (expected.headerBytes ?? 0))
        let end = buffer.readBytes(length: Self.lineEndBytes)
        guard let payload, end == [Self.carriageReturn, Self.lineFeed] else {
            throw .malformed("a message that does not end where its size says")
        }
        self.expected = nil
        buffer.discardReadBytes()
        return .message(
            Message(
                subject: expected.subject, subscription: expected.subscription,
                reply: expected.reply, headers: headers, payload: payload))
    }
}
