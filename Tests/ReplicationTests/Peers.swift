import NATS
import Persistence
import Synchronization

@testable import Replication

/// Values that the tests of members and their calls share.
enum Peers {
    static let cluster = DirectoryID(high: 0xc1, low: 0x05)

    static func id(_ number: UInt64) -> OwnerID { OwnerID(high: number, low: 7) }

    static func shards(_ numbers: some Sequence<Int>) -> Set<ShardID> {
        Set(numbers.map { ShardID(UInt16($0)) })
    }

    /// A server that is warm for all of 16 shards.
    static func announcement(
        _ number: UInt64, start: UInt64 = 1, warm: Set<ShardID> = shards(0..<16)
    ) -> MemberAnnouncement {
        var made = MemberAnnouncement(
            id: id(number * 1000 + start), address: "http://id-\(number).internal:8080",
            ordinal: Int(number), version: "1.2.3", startedAtMilliseconds: start)
        made.number = 1
        made.warm = warm
        return made
    }

    static func members(_ numbers: some Sequence<UInt64>, now: UInt64 = 0) -> [Member] {
        var table = MemberTable()
        for number in numbers { table.heard(announcement(number), now: now) }
        return table.living(now: now)
    }
}

/// NATS in memory: messages arrive at once, on a task of their own, unless somebody interferes.
final class MemoryBus: PeerBus {
    private struct State {
        var handlers: [UInt64: (subject: String, handler: NATSClient.MessageHandler)] = [:]
        var last: UInt64 = 0
        var isCut = false
        var change: (@Sendable (Publication) -> [Publication])?
        var published: [Publication] = []
    }

    private let state = Mutex(State())

    /// Nothing gets through any more.
    var isCut: Bool {
        get { state.withLock { $0.isCut } }
        set { state.withLock { $0.isCut = newValue } }
    }

    /// What becomes of each message on its way.
    func interfere(_ change: @escaping @Sendable (Publication) -> [Publication]) {
        state.withLock { $0.change = change }
    }

    var published: [Publication] { state.withLock { $0.published } }

    func publish(_ publication: Publication) throws(NATSError) {
        let isCut = self.isCut
        guard !isCut else { throw .notConnected }
        let sent = state.withLock { state in
            state.published.append(publication)
            return state.change?(publication) ?? [publication]
        }
        for each in sent { deliver(each) }
    }

    @discardableResult
    private func deliver(_ publication: Publication) -> Bool {
        let handlers = state.withLock { state in
            state.handlers.values.filter { $0.subject == publication.subject }.map(\.handler)
        }
        let message = Message(
            subject: publication.subject, subscription: 0, reply: publication.reply,
            payload: publication.payload)
        for handler in handlers { handler(message) }
        return !handlers.isEmpty
    }

    func request(
        _ publication: Publication, timeoutMilliseconds: UInt64
    ) async throws(NATSError) -> Message {
        let (answers, continuation) = AsyncStream.makeStream(of: Message.self)
        let inbox = "_INBOX.\(UInt64.random(in: 0...UInt64.max))"
        let id = subscribe(to: inbox, queue: nil) { continuation.yield($0) }
        defer { if let id { unsubscribe(id) } }
        let isHeard = state.withLock { state in
            state.handlers.values.contains { $0.subject == publication.subject }
        }
        guard isHeard else { throw .noResponders }
        var question = publication
        question.reply = inbox
        try publish(question)
        let patience = Task {
            try? await Task.sleep(for: .milliseconds(timeoutMilliseconds))
            continuation.finish()
        }
        defer { patience.cancel() }
        for await answer in answers { return answer }
        throw .timeout
    }

    func subscribe(
        to subject: String, queue: String?, handler: @escaping NATSClient.MessageHandler
    ) -> UInt64? {
        state.withLock { state in
            state.last += 1
            state.handlers[state.last] = (subject, handler)
            return state.last
        }
    }

    func unsubscribe(_ id: UInt64) { state.withLock { $0.handlers[id] = nil } }
}
