import Actors
import HTTPTypes
import NIOCore

/// A success with a JSON body, in the bytes that leave: the same fields as `ReplyEncoder` gives it
/// on the long way, with those that never change written once.
struct DirectAnswer: Sendable {
    private let constantFields: ByteBuffer
    private let date = HTTPDate()

    init(securityHeaders: SecurityHeaders) {
        var fields = ByteBuffer(string: "HTTP/1.1 200 OK\r\n")
        for field in securityHeaders.data {
            fields.writeString("\(field.name.canonicalName): \(field.value)\r\n")
        }
        fields.writeString("content-type: \(ReplyEncoder.json)\r\ncache-control: no-store\r\n")
        fields.writeStaticString("x-trace-id: ")
        constantFields = fields
    }

    /// What is written around fields and body, in bytes: enough for one allocation to do.
    private static let headBytes = 1024

    /// - Parameter open: a JSON object without its closing brace.
    func bytes(
        _ open: ByteBuffer, _ visit: LoopVisit, _ persistence: ConnectionState.Persistence,
        _ allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        let trace = visit.identity.trace
        let traceBytes = trace.utf8Bytes
        var out = allocator.buffer(capacity: Self.headBytes + open.readableBytes)
        out.writeImmutableBuffer(constantFields)
        out.writeBytes(traceBytes)
        out.writeStaticString("\r\ntraceparent: 00-")
        out.writeBytes(traceBytes)
        out.writeBytes(visit.identity.traceparentEnd)
        out.writeStaticString("\r\ndate: ")
        out.writeString(date.text(at: visit.now))
        switch persistence {
        case .keepSilently: break
        case .keepAlive: out.writeStaticString("\r\nconnection: keep-alive")
        case .close: out.writeStaticString("\r\nconnection: close")
        }
        let body = ReplyEncoder.close(open, trace)
        out.writeStaticString("\r\ncontent-length: ")
        out.writeString(String(body.readableBytes))
        out.writeStaticString("\r\n\r\n")
        out.writeImmutableBuffer(body)
        return out
    }
}
