import NIOHTTP1

/// What one connection may cost. Every wait has an end, so that nobody holds a connection by
/// sending slowly (slowloris) or by reading slowly.
package struct ConnectionLimits: Sendable {
    /// Names and values of all headers together, and of the target. Large enough for any browser's
    /// cookies; nginx and Node accept as much.
    package var headerBytesMax = 16 * 1024
    /// Apache's default; honest requests have some twenty.
    package var headerFieldsMax = 100
    /// RFC 9110 §4.1 recommends to support 8000 octets at least.
    package var targetBytesMax = 8 * 1024
    /// From the first byte of a request, or from the connection's beginning, to its last header.
    package var headSeconds: Int64 = 10
    /// Without a request, after at least one: a little longer than the pools of common clients keep
    /// an idle connection (60 s), so that it is they who close.
    package var idleSeconds: Int64 = 75
    /// A body has to bring `bodyBytesMin` in each of these.
    package var bodySeconds: Int64 = 30
    /// Half a kilobyte a second: the worst of mobile networks.
    package var bodyBytesMin = 16 * 1024
    /// For a client that does not take what is written to it.
    package var writeSeconds: Int64 = 30
    /// After our last answer: how long more input is read and thrown away, so that the client gets
    /// to read the answer instead of a reset (RFC 9112 §9.6).
    package var lingerSeconds: Int64 = 30
    /// The same without any input.
    package var lingerIdleSeconds: Int64 = 5

    package init() {}

    /// The same for NIO's parser.
    var decoding: NIOHTTPDecoderLimitConfiguration {
        var decoding = NIOHTTPDecoderLimitConfiguration()
        decoding.maxHeaderFieldSize = headerBytesMax
        decoding.maxHeaderListSize = headerBytesMax
        decoding.maxHeaderFieldCount = headerFieldsMax
        return decoding
    }
}
