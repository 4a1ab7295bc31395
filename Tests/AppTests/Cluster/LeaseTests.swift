import Actors
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import App

@Suite("Answers of an owner whose lease runs out")
struct LeaseTests {
    private final class Lease: Sendable {
        private let value = Atomic(true)
        var isValid: Bool { value.load(ordering: .relaxed) }
        func end() { value.store(false, ordering: .relaxed) }
    }

    private static func channel(_ lease: Lease?) -> EmbeddedChannel {
        let ids = TraceIDSource(seed: SystemRandomSource())
        var mayRead: (@Sendable () -> Bool)?
        if let lease { mayRead = { lease.isValid } }
        return EmbeddedChannel(
            handler: ConnectionHandler(
                limits: ConnectionLimits(), isTurnedAway: false, mayRead: mayRead
            ) { code in RefusalAnswer(code, ids: ids, date: "") })
    }

    private static func ask(_ channel: EmbeddedChannel, _ uri: String) throws {
        let head = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: uri, headers: ["host": "id.example.com"])
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    /// What a handler behind the connection does.
    private static func answer(_ channel: EmbeddedChannel) {
        let head = HTTPResponseHead(
            version: .http1_1, status: .ok, headers: ["content-length": "0"])
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }

    private static func statuses(_ channel: EmbeddedChannel) throws -> [UInt] {
        var found: [UInt] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
            if case .head(let head) = part { found.append(head.status.code) }
        }
        return found
    }

    @Test("while it holds, and without a cluster, answers are what they are")
    func valid() throws {
        for lease in [Lease(), nil] {
            let channel = Self.channel(lease)
            try Self.ask(channel, "/api/auth/session")
            Self.answer(channel)
            #expect(try Self.statuses(channel) == [200])
            _ = try? channel.finish()
        }
    }

    @Test("a request that comes too late does not get as far as the state")
    func over() throws {
        let lease = Lease()
        lease.end()
        let channel = Self.channel(lease)
        try Self.ask(channel, "/api/auth/session")
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == nil)
        #expect(try Self.statuses(channel) == [503])
        _ = try? channel.finish()
    }

    @Test("what was read before and is answered after is not shown")
    func between() throws {
        let lease = Lease()
        let channel = Self.channel(lease)
        try Self.ask(channel, "/api/auth/session")
        lease.end()
        Self.answer(channel)
        #expect(try Self.statuses(channel) == [503])
        _ = try? channel.finish()
    }

    @Test("what is asked about the process is answered", arguments: ["/health", "/ready"])
    func process(uri: String) throws {
        let lease = Lease()
        lease.end()
        let channel = Self.channel(lease)
        try Self.ask(channel, uri)
        Self.answer(channel)
        #expect(try Self.statuses(channel) == [200])
        _ = try? channel.finish()
    }
}
