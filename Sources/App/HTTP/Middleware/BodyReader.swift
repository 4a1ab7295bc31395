import HTTPTypes
import Hummingbird
import NIOCore

/// Reads a request's body into memory, never more of it than the endpoint allows. Pauses between
/// the pieces are bounded by the connection (`ConnectionLimits`).
package struct BodyReader: Sendable {
    /// For endpoints that read JSON, and for those that read nothing.
    private let jsonBytesMax: Int
    let budget: BodyBudget

    package init(jsonBytesMax: Int, budget: BodyBudget) {
        self.jsonBytesMax = jsonBytesMax
        self.budget = budget
    }

    /// - Parameters:
    ///   - lease: grows with the body, and has to be kept as long as it is.
    ///   - sendContinue: tells a client that waits for it (RFC 9110 §10.1.1) to go on.
    func read(
        _ request: Request, as shape: RequestShape, lease: inout BodyLease,
        sendContinue: @Sendable () async -> Void
    ) async throws(APIError) -> ByteBuffer {
        let headers = request.headers
        let length = headers[.contentLength].flatMap { Int($0) } ?? 0
        let isChunked = headers.contains(.transferEncoding)
        let hasBody = length > 0 || isChunked
        let bytesMax: Int
        switch shape {
        case .none:
            bytesMax = jsonBytesMax
        case .json:
            bytesMax = jsonBytesMax
            try BodyReader.checkType(headers, ["application/json"])
        case .raw(let contentTypes, let max, _):
            bytesMax = max
            try BodyReader.checkType(headers, contentTypes)
        }
        guard hasBody else { return ByteBuffer() }
        guard length <= bytesMax else { throw BodyReader.tooLarge(bytesMax) }
        try lease.reserve(length)
        try await BodyReader.expectation(headers, sendContinue)
        let body = try await BodyReader.collect(request.body, bytesMax: bytesMax, lease: &lease)
        guard isChunked || body.readableBytes == length else {
            throw APIError(.invalidRequest, message: "The body ended before its announced length.")
        }
        return body
    }

    private static func collect(
        _ body: RequestBody, bytesMax: Int, lease: inout BodyLease
    ) async throws(APIError) -> ByteBuffer {
        do {
            var pieces = body.makeAsyncIterator()
            guard var whole = try await pieces.next() else { return ByteBuffer() }
            guard whole.readableBytes <= bytesMax else { throw tooLarge(bytesMax) }
            try lease.reserve(whole.readableBytes)
            while var piece = try await pieces.next() {
                guard whole.readableBytes + piece.readableBytes <= bytesMax else {
                    throw tooLarge(bytesMax)
                }
                try lease.reserve(whole.readableBytes + piece.readableBytes)
                whole.writeBuffer(&piece)
            }
            return whole
        } catch let error as APIError {
            throw error
        } catch {
            // The connection broke or its bytes were no HTTP; the connection's own handler has
            // answered where an answer was still possible.
            throw APIError(.invalidRequest, detail: "the body could not be read: \(error)")
        }
    }

    private static func tooLarge(_ bytesMax: Int) -> APIError {
        APIError(.bodyTooLarge, message: "The body is larger than \(bytesMax) bytes.")
    }

    private static func expectation(
        _ headers: HTTPFields, _ sendContinue: @Sendable () async -> Void
    ) async throws(APIError) {
        guard let expect = headers[.expect] else { return }
        guard expect.lowercased() == "100-continue" else { throw APIError(.expectationFailed) }
        await sendContinue()
    }

    /// Parameters such as `charset` are ignored; JSON is UTF-8 whatever they say (RFC 8259 §8.1).
    ///
    /// - Parameter allowed: empty when the handler reads whatever it is sent.
    private static func checkType(
        _ headers: HTTPFields, _ allowed: [String]
    ) throws(APIError) {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw APIError(
                .unsupportedMediaType, field: "Content-Encoding",
                message: "Compressed bodies are not read.")
        }
        let type = headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() } ?? ""
        let trimmed = type.split(separator: " ").joined()
        guard allowed.isEmpty || allowed.contains(trimmed) else {
            throw APIError(
                .unsupportedMediaType, field: "Content-Type",
                message: "The body has to be \(allowed.joined(separator: " or ")).")
        }
    }
}
