import Actors
import HTTPTypes
import NIOCore

extension LoopVisit {
    private static let constantFields = ByteBuffer(
        string: "\r\ncache-control: no-store\r\nx-content-type-options: nosniff"
            + "\r\ncontent-security-policy: default-src 'none'; sandbox\r\nx-upstream-ms: ")

    /// What of the time until now was not the provider's.
    func overheadMicroseconds(upstreamTime: TimeAmount) -> Int64 {
        max(0, (NIODeadline.now() - began - upstreamTime).nanoseconds / 1_000)
    }

    /// The fields that are ours in a relayed answer. What comes from a provider is never kept by a
    /// cache, and if it is a page, it is one without scripts, forms and our origin.
    func writeHeaders(
        to out: inout ByteBuffer, upstreamTime: TimeAmount, overheadMicroseconds: Int64
    ) {
        let trace = identity.trace.utf8Bytes
        out.writeStaticString("x-trace-id: ")
        out.writeBytes(trace)
        out.writeStaticString("\r\ntraceparent: 00-")
        out.writeBytes(trace)
        out.writeBytes(identity.traceparentEnd)
        out.writeImmutableBuffer(Self.constantFields)
        out.writeString(String(upstreamTime.nanoseconds / 1_000_000))
        out.writeStaticString("\r\nx-gateway-overhead-us: ")
        out.writeString(String(overheadMicroseconds))
        out.writeStaticString("\r\n")
        guard let notice else { return }
        var fields = HTTPFields()
        notice.write(to: &fields, at: now)
        for field in fields { out.writeString("\(field.name.rawName): \(field.value)\r\n") }
    }
}
