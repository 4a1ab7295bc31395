import Actors
import HTTPTypes
import NIOCore
import NIOHTTP1

/// The answer to what never became a request: the same body and headers as every other failure's.
struct RefusalAnswer {
    let head: HTTPResponseHead
    let body: ByteBuffer
    let trace: TraceID

    /// What is too much now may fit in a moment.
    private static let retryAfterSeconds = 1

    init(_ code: ErrorCode, ids: TraceIDSource, date: String) {
        let identity = RequestIdentity(traceparent: nil, ids: ids)
        let isBusy = code.definition.status == HTTPResponse.Status.serviceUnavailable.code
        let error = APIError(code, retryAfterSeconds: isBusy ? Self.retryAfterSeconds : nil)
        trace = identity.trace
        body = ByteBuffer(bytes: error.body(trace: identity.trace))
        var headers: HTTPHeaders = [
            "content-type": "application/json",
            "content-length": String(body.readableBytes),
            "cache-control": "no-store",
            "connection": "close",
            "date": date,
        ]
        headers.add(name: HTTPField.Name.traceID.rawName, value: identity.trace.description)
        headers.add(name: HTTPField.Name.traceparent.rawName, value: identity.traceparent)
        for (name, value) in error.headers { headers.add(name: name.rawName, value: value) }
        let status = HTTPResponse.Status(code: code.definition.status)
        head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(
                statusCode: status.code, reasonPhrase: status.reasonPhrase),
            headers: headers)
    }
}
