package import Actors
import FoundationEssentials
import HTTPTypes
package import Hummingbird
import NIOCore

/// Turns replies and failures into HTTP answers: the trace id in body and headers, caching,
/// security headers, the cookie. The one place where an answer gets its final shape.
package struct ReplyEncoder: Sendable {
    private let dataHeaders: HTTPFields
    private let pageHeaders: HTTPFields
    private let date = HTTPDate()

    package init(securityHeaders: SecurityHeaders) {
        dataHeaders = securityHeaders.data
        pageHeaders = securityHeaders.page
    }

    /// - Parameter notice: what a rate limiter said, where the endpoint is limited.
    package func response(
        _ result: Result<Reply, APIError>, to request: RequestSummary, notice: RateLimitNotice?
    ) -> Response {
        switch result {
        case .success(let reply):
            do throws(APIError) {
                return try success(reply, to: request, notice: notice)
            } catch {
                return failure(error, to: request, notice: notice)
            }
        case .failure(let error):
            return failure(error, to: request, notice: notice)
        }
    }

    private func success(
        _ reply: Reply, to request: RequestSummary, notice: RateLimitNotice?
    ) throws(APIError) -> Response {
        let body: ByteBuffer
        var contentType = ReplyEncoder.json
        switch reply.body {
        case .object(let value):
            body = ReplyEncoder.close(try ReplyEncoder.encode(value), request.identity.trace)
        case .openObject(let open):
            body = ReplyEncoder.close(open, request.identity.trace)
        case .raw(let bytes, let type):
            body = bytes
            contentType = type
        case .unchanged(let type):
            body = ByteBuffer()
            contentType = type
        }
        var headers = head(request, contentType: contentType, notice: notice)
        for field in reply.headers { headers[field.name] = field.value }
        if request.isUnderAPI { headers[.cacheControl] = "no-store" }
        if let cookie = SessionCookie.header(for: reply.cookie) { headers[.setCookie] = cookie }
        return finish(reply.status, headers, body, to: request)
    }

    private func failure(
        _ error: APIError, to request: RequestSummary, notice: RateLimitNotice?
    ) -> Response {
        let (status, headers, body) = failureParts(error, to: request, notice: notice)
        return finish(status, headers, body, to: request)
    }

    /// A failure in parts, for answers that do not go through Hummingbird.
    func failure(
        _ error: APIError, to request: RequestSummary, notice: RateLimitNotice?
    ) -> (status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
        var (status, headers, body) = failureParts(error, to: request, notice: notice)
        headers.append(HTTPField(name: .contentLength, value: String(body.readableBytes)))
        return (status, headers, body)
    }

    private func failureParts(
        _ error: APIError, to request: RequestSummary, notice: RateLimitNotice?
    ) -> (status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
        var headers = head(request, contentType: ReplyEncoder.json, notice: notice)
        headers[.cacheControl] = "no-store"
        for (name, value) in error.headers { headers[name] = value }
        return (
            HTTPResponse.Status(code: error.code.definition.status), headers,
            ByteBuffer(bytes: error.body(trace: request.identity.trace))
        )
    }

    private func head(
        _ request: RequestSummary, contentType: String, notice: RateLimitNotice?
    ) -> HTTPFields {
        var headers = contentType.hasPrefix("text/html") ? pageHeaders : dataHeaders
        headers.append(HTTPField(name: .contentType, value: contentType))
        headers.append(HTTPField(name: .traceID, value: request.identity.trace.description))
        headers.append(HTTPField(name: .traceparent, value: request.identity.traceparent))
        headers.append(HTTPField(name: .date, value: date.text(at: request.now)))
        notice?.write(to: &headers, at: request.now)
        return headers
    }

    /// An answer to HEAD has the headers of the one to GET, its length too, and no body.
    private func finish(
        _ status: HTTPResponse.Status, _ headers: HTTPFields, _ body: ByteBuffer,
        to request: RequestSummary
    ) -> Response {
        var headers = headers
        headers.append(HTTPField(name: .contentLength, value: String(body.readableBytes)))
        var response = Response(
            status: status, headers: headers,
            body: request.isHead ? ResponseBody() : ResponseBody(byteBuffer: body))
        if status == .notModified {
            // What they could tell is of the content that it stands for (RFC 9110 §8.6, §15.4.5).
            response.headers[.contentLength] = nil
            response.headers[.contentType] = nil
        }
        return response
    }

    static let json = "application/json"

    /// Puts `trace_id` behind the last member of an object that still lacks its closing brace.
    static func close(_ open: ByteBuffer, _ trace: TraceID) -> ByteBuffer {
        var body = open
        if body.readableBytes == 0 { body.writeStaticString("{") }
        if body.readableBytes > 1 { body.writeStaticString(",") }
        body.writeStaticString("\"trace_id\":\"")
        body.writeBytes(trace.utf8Bytes)
        body.writeStaticString("\"}")
        return body
    }

    /// The value's JSON object without its closing brace. Members are sorted, so that the same
    /// answer always has the same bytes.
    private static func encode(_ value: any Encodable & Sendable) throws(APIError) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let data = try encoder.encode(value)
            guard data.first == UInt8(ascii: "{") else {
                throw APIError(.internalError, detail: "\(type(of: value)) is no JSON object")
            }
            return ByteBuffer(bytes: data.dropLast())
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.internalError, detail: "\(type(of: value)) did not encode: \(error)")
        }
    }
}

/// What the encoding of an answer needs to know of its request.
package struct RequestSummary: Sendable {
    package let identity: RequestIdentity
    package let now: Timestamp
    package let isHead: Bool
    /// Answers under /api must never be kept by a cache.
    package let isUnderAPI: Bool

    package init(identity: RequestIdentity, now: Timestamp, isHead: Bool, isUnderAPI: Bool) {
        self.identity = identity
        self.now = now
        self.isHead = isHead
        self.isUnderAPI = isUnderAPI
    }
}
