import Actors
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Persistence
import Synchronization

@testable import App

/// One connection of a server in a cluster, with a gate that the test opens and closes.
final class RouterUnderTest {
    let gate: ServingGate
    let channel: EmbeddedChannel
    let loop = EmbeddedEventLoop()
    let seal: HopSeal
    private let lease = Flag()
    private let other = Flag()

    static let now = Timestamp(milliseconds: 1_795_500_000_250)
    private static let elsewhere = "http://10.0.0.2:8080"

    struct FixedClock: WallClock {
        func now() -> Timestamp { RouterUnderTest.now }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool {
            get { value.load(ordering: .relaxed) }
            set { value.store(newValue, ordering: .relaxed) }
        }
    }

    init() throws {
        let (lease, other) = (lease, other)
        let gate = ServingGate { lease.isSet }
        self.gate = gate
        let ids = TraceIDSource(seed: SystemRandomSource())
        seal = HopSeal(try MasterKey(text: String(repeating: "1", count: 63) + "0"))
        let owner: @Sendable () -> PeerAddress? = {
            other.isSet ? PeerAddress(Self.elsewhere) : nil
        }
        let refusal: @Sendable (ErrorCode) -> RefusalAnswer = {
            RefusalAnswer($0, ids: ids, date: "")
        }
        let parts = RouterParts(
            homes: RequestHomes(shardCount: 16),
            place: { _, pace in
                gate.enter(pace).map { .here($0) } ?? owner().map { .away($0) } ?? .unknown
            },
            owner: { _ in owner() }, connector: OwnerConnector(tls: nil), seal: seal,
            visitor: LoopVisitor(
                ids: ids, sources: SourceResolver(trustedProxies: [], isInCluster: true),
                clock: FixedClock()),
            refusal: refusal)
        let connection = ConnectionHandler(
            limits: ConnectionLimits(), isTurnedAway: false, refusal: refusal)
        channel = EmbeddedChannel(
            handlers: [
                connection, RouterHandler(parts, connection: connection, peer: .unknown),
            ],
            loop: loop)
    }

    deinit { _ = try? channel.finish() }

    /// The data is here.
    func open() {
        lease.isSet = true
        gate.open()
    }

    func endLease() { lease.isSet = false }

    func close() { gate.close() }

    /// The data is at another server.
    func ownerIsElsewhere() { other.isSet = true }

    // MARK: The client

    func head(_ method: HTTPMethod = .GET, _ uri: String = "/api/tokens") -> HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: method, uri: uri, headers: ["host": "id.example.com"])
    }

    func send(_ parts: HTTPServerRequestPart...) throws {
        for part in parts { try channel.writeInbound(part) }
    }

    func ask(_ uri: String = "/api/tokens") throws {
        try send(.head(head(.GET, uri)), .end(nil))
    }

    /// As another server passes it on.
    func sealed(_ head: HTTPRequestHead) throws -> HTTPRequestHead {
        var sealed = head
        let source = SourceAddress("192.0.2.7") ?? .unknown
        sealed.headers.add(
            name: HopSeal.header, value: seal.seal(head, from: source, at: Self.now))
        return sealed
    }

    func statuses() throws -> [UInt] { try answers().map(\.status.code) }

    func answers() throws -> [HTTPResponseHead] {
        var found: [HTTPResponseHead] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .head(let head) = part { found.append(head) }
        }
        return found
    }

    // MARK: Those who answer

    func arrived() throws -> [HTTPServerRequestPart] {
        var found: [HTTPServerRequestPart] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            found.append(part)
        }
        return found
    }

    func answer() {
        let head = HTTPResponseHead(
            version: .http1_1, status: .ok, headers: ["content-length": "0"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }

    func wait(milliseconds: Int64) { loop.advanceTime(by: .milliseconds(milliseconds)) }
}
