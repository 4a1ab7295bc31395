import Actors
import App
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import TestSupport

/// A front without a socket: endpoints of the test's own, callers by a table, a clock that stands.
struct FrontUnderTest {
    let front: Front
    let clock = FixedClock()
    let sink = LineCollector()

    init(
        _ endpoints: [Endpoint], accounts: Holders = Holders(),
        limits: [RateClass: RateLimitPolicy] = [:], trustedProxies: [AddressRange] = [],
        memory: RequestMemory? = nil
    ) throws {
        front = Front(
            Front.Parts(
                table: try EndpointTable(endpoints), accounts: accounts,
                limiters: RateLimiters(policies: limits),
                sources: SourceResolver(trustedProxies: trustedProxies),
                sameSite: SameSiteRule(publicOrigin: nil),
                bodies: BodyReader(jsonBytesMax: 1024, budget: BodyBudget(bytesMax: 1 << 20)),
                encoder: ReplyEncoder(securityHeaders: SecurityHeaders(isReachedByTLS: false)),
                metrics: HTTPMetrics(), accessLog: AccessLog(to: sink.sink), memory: memory,
                ids: TraceIDSource(seed: SystemRandomSource()), clock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    }

    struct Answer {
        let status: Int
        let headers: HTTPFields
        let body: [UInt8]

        var json: [String: Any] {
            get throws {
                try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
            }
        }
    }

    func answer(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:],
        body: String? = nil, peer: String = "192.0.2.1"
    ) async throws -> Answer {
        var all = headers
        if let body { all[.contentLength] = String(body.utf8.count) }
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: "http", authority: "localhost", path: path,
                headerFields: all),
            body: RequestBody(buffer: ByteBuffer(string: body ?? "")))
        let address = SourceAddress(peer) ?? .unknown
        let response = await front.respond(to: request, context: PeerContext(peer: address))
        let writer = BodyCollector()
        try await response.body.write(writer)
        return Answer(
            status: response.status.code, headers: response.headers, body: writer.bytes)
    }
}

/// Who holds which secret.
struct Holders: Authenticating {
    var sessions: [TokenDigest: SessionPrincipal] = [:]
    var tokens: [TokenDigest: TokenPrincipal] = [:]
    let stepUpSeconds: Int64 = 600

    func session(_ secret: BearerSecret, at now: Timestamp) async -> SessionPrincipal? {
        sessions[secret.digest]
    }

    func token(_ secret: BearerSecret, at now: Timestamp) async -> TokenPrincipal? {
        tokens[secret.digest]
    }
}

struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(milliseconds: 1_800_000_000_000) }
}

/// Keeps what would have gone to the log.
final class LineCollector: Sendable {
    private let lines = Mutex<[UInt8]>([])
    let sink: LogSink

    init() {
        let lines = Lines()
        self.shared = lines
        sink = LogSink { bytes in lines.add(bytes) }
    }

    private let shared: Lines

    var text: String {
        sink.flush()
        return shared.text
    }

    private final class Lines: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }
}

/// Takes a response's body.
final class BodyCollector: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []
    func write(_ buffer: ByteBuffer) async throws { bytes += buffer.readableBytesView }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
