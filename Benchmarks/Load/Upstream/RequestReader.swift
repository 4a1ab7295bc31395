import NIOCore

/// Finds the ends of requests: as much of HTTP/1.1 as a provider needs that looks at nothing.
struct RequestReader {
    enum Request {
        case get
        case post
        case broken
    }

    private var pending = ByteBuffer()

    /// No request of the load comes near it.
    private static let bytesMax = 1 << 20
    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let chunkedEnd = Array("\r\n0\r\n\r\n".utf8)

    /// Takes the next whole request out of what has come; nil when none is whole yet.
    mutating func next(_ bytes: inout ByteBuffer) -> Request? {
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        bytes.clear()
        guard pending.readableBytes <= Self.bytesMax else { return .broken }
        let view = pending.readableBytesView
        guard let headEnd = view.firstRange(of: Self.headEnd) else { return nil }
        let head = String(decoding: view[..<headEnd.lowerBound], as: UTF8.self).lowercased()
        let bodyStart = headEnd.upperBound
        let end: Int
        if head.contains("\r\ntransfer-encoding: chunked") {
            // From the line end before it, which may be the head's.
            let tail = view[(headEnd.upperBound - 2)...]
            guard let found = tail.firstRange(of: Self.chunkedEnd) else { return nil }
            end = found.upperBound
        } else {
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .map { $0.dropFirst("content-length:".count).drop { $0 == " " } }
            guard let count = length.map({ Int($0) }) ?? 0 else { return .broken }
            end = bodyStart + count
        }
        guard end <= view.endIndex else { return nil }
        pending.moveReaderIndex(to: end)
        return head.hasPrefix("post ") ? .post : .get
    }
}
