import TestSupport
import Testing

@testable import Actors

@Suite struct HashQueueTests {
    private static let ada = SourceBucket.v4(1)
    private static let bob = SourceBucket.v4(2)
    private static let eve = SourceBucket.v4(3)

    /// The work is its own number.
    private static func queue(
        threads: Int = 1, lengthMax: Int = 100, waitSecondsMax: Double = 2, average: Double = 0
    ) -> HashQueue<Int> {
        HashQueue(
            threads: threads, lengthMax: lengthMax, waitSecondsMax: waitSecondsMax,
            averageSeconds: average)
    }

    private static func startAll(_ queue: inout HashQueue<Int>) -> [Int] {
        var order: [Int] = []
        while let entry = queue.next() {
            order.append(entry.work)
            queue.finish(seconds: 0)
        }
        return order
    }

    @Test("sources take turns, and within a source the oldest is first")
    func fairness() {
        var queue = Self.queue()
        for work in 0..<6 { _ = queue.add(work, id: UInt64(work), source: Self.eve, now: 0) }
        _ = queue.add(10, id: 10, source: Self.ada, now: 0)
        _ = queue.add(11, id: 11, source: Self.ada, now: 0)
        _ = queue.add(20, id: 20, source: Self.bob, now: 0)
        #expect(queue.count == 9)
        #expect(Self.startAll(&queue) == [0, 10, 20, 1, 11, 2, 3, 4, 5])
        #expect(queue.count == 0)
    }

    @Test("no more run than there are threads")
    func threads() {
        var queue = Self.queue(threads: 2)
        for work in 0..<3 { _ = queue.add(work, id: UInt64(work), source: Self.ada, now: 0) }
        #expect(queue.next()?.work == 0)
        #expect(queue.next()?.work == 1)
        #expect(queue.next() == nil)
        #expect(queue.running == 2)
        queue.finish(seconds: 0.1)
        #expect(queue.next()?.work == 2)
    }

    @Test("what will predictably start too late is refused at once")
    func predictable() {
        // One thread, one second each, and three seconds of patience, of which 2.1 may be expected.
        var queue = Self.queue(waitSecondsMax: 3, average: 1)
        #expect(queue.expectedWaitSeconds(for: Self.eve) == 0)
        #expect(queue.add(0, id: 0, source: Self.eve, now: 0).isWaiting)
        #expect(queue.next()?.work == 0)
        #expect(queue.add(1, id: 1, source: Self.eve, now: 0).isWaiting)
        #expect(queue.add(2, id: 2, source: Self.eve, now: 0).isWaiting)
        #expect(queue.expectedWaitSeconds(for: Self.eve) == 3)
        #expect(!queue.add(3, id: 3, source: Self.eve, now: 0).isWaiting)
        // Another source only waits for what runs and one turn of the first.
        #expect(queue.expectedWaitSeconds(for: Self.ada) == 2)
        #expect(queue.add(4, id: 4, source: Self.ada, now: 0).isWaiting)
        #expect(queue.retryAfterSeconds == 4)
        queue.finish(seconds: 1)
        #expect(Self.startAll(&queue) == [1, 4, 2])
    }

    @Test("more threads shorten the expected wait")
    func expectedWait() {
        var queue = Self.queue(threads: 4, waitSecondsMax: 10, average: 1)
        for id in 0..<4 {
            #expect(queue.expectedWaitSeconds(for: Self.ada) == 0)
            _ = queue.add(0, id: UInt64(id), source: Self.ada, now: 0)
            _ = queue.next()
        }
        #expect(queue.expectedWaitSeconds(for: Self.ada) == 0.25)
    }

    @Test("what has not started at its deadline is given up, and only that")
    func deadline() {
        var queue = Self.queue()
        _ = queue.add(1, id: 1, source: Self.ada, now: 10)
        _ = queue.add(2, id: 2, source: Self.bob, now: 11)
        _ = queue.add(3, id: 3, source: Self.ada, now: 11.5)
        #expect(queue.takeExpired(now: 11.999).isEmpty)
        #expect(queue.takeExpired(now: 12).map(\.work) == [1])
        #expect(queue.count == 2)
        #expect(queue.takeExpired(now: 13.5).map(\.work).sorted() == [2, 3])
        #expect(queue.next() == nil)
    }

    @Test("a full queue makes room for a source with a shorter line, from the end of the longest")
    func room() throws {
        var queue = Self.queue(lengthMax: 4)
        for work in 0..<4 { _ = queue.add(work, id: UInt64(work), source: Self.eve, now: 0) }
        #expect(!queue.add(9, id: 9, source: Self.eve, now: 0).isWaiting)
        guard
            case .waitingInsteadOf(let displaced) = queue.add(
                10, id: 10, source: Self.ada, now: 0)
        else {
            Issue.record("nobody made room")
            return
        }
        #expect(displaced.work == 3)
        #expect(queue.count == 4)
        #expect(queue.add(11, id: 11, source: Self.ada, now: 0).isWaiting)
        // Two each: nobody has more than a fair share.
        #expect(!queue.add(12, id: 12, source: Self.ada, now: 0).isWaiting)
        #expect(Self.startAll(&queue) == [0, 10, 1, 11])
    }

    @Test("a piece that nobody waits for is taken out, wherever it stands")
    func remove() {
        var queue = Self.queue()
        for work in 0..<3 { _ = queue.add(work, id: UInt64(work), source: Self.ada, now: 0) }
        _ = queue.add(7, id: 7, source: Self.bob, now: 0)
        #expect(queue.remove(id: 1, source: Self.ada)?.work == 1)
        #expect(queue.remove(id: 1, source: Self.ada) == nil)
        #expect(queue.remove(id: 7, source: Self.bob)?.work == 7)
        #expect(queue.remove(id: 0, source: Self.bob) == nil)
        #expect(Self.startAll(&queue) == [0, 2])
    }

    @Test("the average follows the measurements")
    func average() {
        var queue = Self.queue(average: 1)
        for id in 0..<100 {
            _ = queue.add(0, id: UInt64(id), source: Self.ada, now: 0)
            _ = queue.next()
            queue.finish(seconds: 0.02)
        }
        #expect(abs(queue.averageSeconds - 0.02) < 0.001)
    }

    @Test("nothing is lost or done twice, and nobody is overtaken twice", arguments: 0..<30)
    func property(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        var queue = Self.queue(threads: 3, lengthMax: 12, waitSecondsMax: 1, average: 0.05)
        var open: [UInt64: SourceBucket] = [:]
        var started: [SourceBucket] = []
        var now = 0.0
        for id in UInt64(0)..<2000 {
            now += Double(random.below(40)) / 1000
            for entry in queue.takeExpired(now: now) {
                #expect(entry.startBy <= now)
                #expect(open.removeValue(forKey: entry.id) != nil)
            }
            switch random.below(5) {
            case 0, 1, 2:
                let source = SourceBucket.v4(UInt32(random.below(5)))
                switch queue.add(Int(id), id: id, source: source, now: now) {
                case .waiting: open[id] = source
                case .waitingInsteadOf(let displaced):
                    #expect(open.removeValue(forKey: displaced.id) != nil)
                    open[id] = source
                case .refused: break
                }
            case 3:
                if let entry = queue.next() {
                    #expect(entry.startBy > now)
                    #expect(open.removeValue(forKey: entry.id) == entry.source)
                    started.append(entry.source)
                }
            default:
                if queue.running > 0 { queue.finish(seconds: Double(random.below(90)) / 1000) }
            }
            #expect(queue.count == open.count && queue.count <= 12 && queue.running <= 3)
        }
        for entry in queue.removeAll() {
            #expect(open.removeValue(forKey: entry.id) == entry.source)
        }
        #expect(open.isEmpty && queue.count == 0 && queue.next() == nil)
        #expect(started.count > 100)
    }
}

extension HashQueue.Admission {
    fileprivate var isWaiting: Bool {
        switch self {
        case .waiting, .waitingInsteadOf: true
        case .refused: false
        }
    }
}
