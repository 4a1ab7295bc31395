package import NIOCore

/// What the client says.
package enum ClientOperation: Equatable, Sendable {
    /// JSON, made by `Greeting`.
    case connect([UInt8])
    case publish(Publication)
    case subscribe(subject: String, queue: String?, id: UInt64)
    /// - after: how many messages may come before; nil for none.
    case unsubscribe(id: UInt64, after: Int?)
    case ping
    case pong

    /// - Throws: before anything is written, when the server could not understand it.
    package func encode(into buffer: inout ByteBuffer) throws(ProtocolError) {
        switch self {
        case .connect(let json):
            buffer.writeString("CONNECT ")
            buffer.writeBytes(json)
            buffer.writeString("\r\n")
        case .publish(let publication): try publication.encode(into: &buffer)
        case .subscribe(let subject, let queue, let id):
            try Subject.check(subject)
            if let queue { try Subject.check(queue) }
            buffer.writeString("SUB \(subject) \(queue.map { $0 + " " } ?? "")\(id)\r\n")
        case .unsubscribe(let id, let after):
            buffer.writeString("UNSUB \(id)\(after.map { " \($0)" } ?? "")\r\n")
        case .ping: buffer.writeString("PING\r\n")
        case .pong: buffer.writeString("PONG\r\n")
        }
    }
}

/// A message on its way out.
package struct Publication: Equatable, Sendable {
    package var subject: String
    package var reply: String?
    package var headers: Headers
    package var payload: [UInt8]

    package init(
        _ subject: String, reply: String? = nil, headers: Headers = Headers(), payload: [UInt8] = []
    ) {
        self.subject = subject
        self.reply = reply
        self.headers = headers
        self.payload = payload
    }

    func encode(into buffer: inout ByteBuffer) throws(ProtocolError) {
        try Subject.check(subject)
        if let reply { try Subject.check(reply) }
        let name = "\(subject)\(reply.map { " " + $0 } ?? "")"
        if headers.isEmpty {
            buffer.writeString("PUB \(name) \(payload.count)\r\n")
        } else {
            let head = try headers.encoded()
            buffer.writeString("HPUB \(name) \(head.count) \(head.count + payload.count)\r\n")
            buffer.writeBytes(head)
        }
        buffer.writeBytes(payload)
        buffer.writeString("\r\n")
    }
}

package enum Subject {
    /// Whether the text can be a subject, with wild cards or without. Anything else would end the
    /// line early, and what follows would be taken for a command.
    package static func check(_ text: String) throws(ProtocolError) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= ProtocolLimits.subjectBytesMax,
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), bytes.first != UInt8(ascii: "."),
            bytes.last != UInt8(ascii: "."), !text.contains("..")
        else { throw .invalidSubject(text) }
    }
}
