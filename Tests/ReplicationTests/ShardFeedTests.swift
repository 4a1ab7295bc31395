import Persistence
import Synchronization
import Testing

@testable import Replication

@Suite("The feed of a shard")
struct ShardFeedTests {
    private func section(bytes: Int) -> ShardEvent {
        .section(
            LoggedSection(
                shard: ShardID(1), firstRecord: 1, recordCount: 1, writtenAtMilliseconds: 0,
                reader: ByteReader([UInt8](repeating: 0, count: bytes))))
    }

    @Test("an epoch opens when the next event is asked for, not before", .timeLimit(.minutes(1)))
    func opens() async {
        let opened = Mutex<[UInt64]>([])
        let feed = ShardFeed(
            hold: { _ in }, opened: { epoch in opened.withLock { $0.append(epoch) } })
        feed.push(.reset)
        feed.push(.gained(epoch: 4))
        feed.push(.lost)
        _ = await feed.next()
        let second = await feed.next()
        guard case .gained? = second else {
            Issue.record("\(String(describing: second))")
            return
        }
        #expect(opened.withLock { $0 } == [])
        _ = await feed.next()
        #expect(opened.withLock { $0 } == [4])
    }

    @Test("the reading stops while much waits, and goes on when little does")
    func holds() async {
        let held = Mutex<[Bool]>([])
        let feed = ShardFeed(
            hold: { isHeld in held.withLock { $0.append(isHeld) } }, opened: { _ in })
        for _ in 0..<9 { feed.push(section(bytes: 1 << 20)) }
        #expect(held.withLock { $0 } == [true])
        for _ in 0..<6 { _ = await feed.next() }
        #expect(held.withLock { $0 } == [true])
        for _ in 0..<3 { _ = await feed.next() }
        #expect(held.withLock { $0 } == [true, false])
    }

    @Test("ends when it is closed, for who waits and who comes later", .timeLimit(.minutes(1)))
    func closes() async {
        let feed = ShardFeed(hold: { _ in }, opened: { _ in })
        async let waiting = feed.next()
        try? await Task.sleep(for: .milliseconds(20))
        feed.close()
        let first = await waiting
        let second = await feed.next()
        if first != nil || second != nil { Issue.record("an event after the end") }
    }
}
