import Actors
import Crypto
import HTTPTypes
import NIOCore

/// Lets a caller that asks again and again be told that nothing has changed (RFC 9110 §8.8.3,
/// §13.1.2). Tags are weak: the trace id of an answer, which always differs, is not in them.
enum EntityTag {
    /// Enough of a SHA-256 that no two answers will ever share it.
    private static let digestBytes = 16

    static func of(_ content: ByteBuffer) -> String {
        let digest = SHA256.hash(data: content.readableBytesView).prefix(digestBytes)
        return "W/\"\(Hex.encode(digest))\""
    }

    /// - Parameter header: `If-None-Match`, a list of tags or `*`.
    static func isKnown(_ tag: String, to header: String?) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { item in
            let known = item.drop { $0 == " " || $0 == "\t" }
            let end = known.lastIndex { $0 != " " && $0 != "\t" }
            guard let end else { return false }
            return known[...end] == "*" || opaque(known[...end]) == opaque(tag[...])
        }
    }

    private static func opaque(_ tag: Substring) -> Substring {
        tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
    }
}

extension Reply {
    /// The same with its tag, or 304 without a body when the caller has this content already.
    func unlessKnown(to call: Call) -> Reply {
        let content: ByteBuffer
        let contentType: String
        switch body {
        case .openObject(let open): (content, contentType) = (open, ReplyEncoder.json)
        case .raw(let bytes, let type): (content, contentType) = (bytes, type)
        // Encoded later; what is asked for often is written by hand.
        case .object, .unchanged: return self
        }
        let tag = EntityTag.of(content)
        var reply = self
        reply.headers[.eTag] = tag
        if EntityTag.isKnown(tag, to: call.headers[.ifNoneMatch]) {
            reply.status = .notModified
            reply.body = .unchanged(contentType: contentType)
        }
        return reply
    }
}
