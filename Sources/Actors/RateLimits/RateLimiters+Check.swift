package import Persistence

extension RateLimiters {
    /// Whether a snapshot's chunk of buckets can be read.
    package static func check(chunk: [UInt8]) throws(DecodingFault) {
        _ = try RateLimitEntry.decode(chunk)
    }
}
