import Persistence
import Replication
import Testing

@Suite("A follower of a shard")
struct FollowerTests {
    /// A follower that has the first messages of another's stream.
    private func following(_ count: Int) -> Bench {
        var bench = Bench(owner: OwnerID(high: 1, low: 1))
        for (index, bytes) in Sample.whole.messages.prefix(count).enumerated() {
            bench.effects = bench.replica.received(bytes, at: UInt64(index) + 1, now: bench.now)
        }
        return bench
    }

    @Test("shows the records in their order")
    func delivers() {
        var bench = following(1)
        bench.effects = bench.replica.received(Sample.whole.messages[1], at: 2, now: bench.now)
        let sections = bench.effects.compactMap { effect -> UInt64? in
            if case .deliver(let section) = effect { section.firstRecord } else { nil }
        }
        #expect(sections == [1] && bench.replica.tail.stream.record == 2)
        // What was seen before is nothing new.
        bench.effects = bench.replica.received(Sample.whole.messages[1], at: 2, now: bench.now)
        #expect(bench.effects.isEmpty)
    }

    @Test("takes over when the owner has been silent for long enough, by rank")
    func takesOver() throws {
        for (rank, wait) in [(0, UInt64(3500)), (1, 4000), (2, 4500)] {
            var bench = following(4)
            bench.replica.setCandidate(rank: rank)
            bench.effects = bench.replica.caughtUp(now: bench.now)
            bench.tick(after: wait - 1)
            #expect(bench.sent == nil)
            bench.tick(after: 1)
            let claim = try #require(bench.sent)
            #expect(claim.expectedLastSequence == 4)
            bench.answer(claim, .acknowledged(sequence: 5))
            #expect(bench.gained && bench.replica.tail.epoch == 2)
        }
    }

    @Test("every message of the owner's starts the wait anew; it does not matter when it was sent")
    func waits() {
        var bench = following(2)
        bench.replica.setCandidate(rank: 0)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        bench.time += 3000
        bench.effects = bench.replica.received(Sample.whole.messages[2], at: 3, now: bench.now)
        bench.tick(after: 3499)
        #expect(bench.sent == nil)
        bench.tick(after: 1)
        #expect(bench.sent != nil)
    }

    @Test("takes over at once what was given up, but not before it has everything")
    func afterRelease() {
        var bench = following(5)
        bench.replica.setCandidate(rank: 0)
        bench.tick()
        #expect(bench.sent == nil)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        #expect(bench.sent?.expectedLastSequence == 5)
    }

    @Test("what is given up while it listens is taken over at once, or after a moment by rank")
    func handedOver() throws {
        for (rank, wait) in [(0, UInt64(0)), (1, 25), (2, 50)] {
            var bench = following(4)
            bench.replica.setCandidate(rank: rank)
            bench.effects = bench.replica.caughtUp(now: bench.now)
            bench.effects = bench.replica.received(
                Sample.whole.messages[4], at: 5, now: bench.now)
            if wait > 0 {
                #expect(bench.sent == nil && bench.wakesAfter == wait)
                bench.tick(after: wait - 1)
                #expect(bench.sent == nil)
                bench.tick(after: 1)
            }
            #expect(bench.sent?.expectedLastSequence == 5)
        }
        var bystander = following(4)
        bystander.effects = bystander.replica.caughtUp(now: bystander.now)
        bystander.effects = bystander.replica.received(
            Sample.whole.messages[4], at: 5, now: bystander.now)
        #expect(bystander.sent == nil && bystander.wakesAfter == nil)
    }

    @Test("what was given up before it came is taken over by rank, as at every start")
    func foundWithoutOwner() {
        var bench = following(5)
        bench.replica.setCandidate(rank: 1)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        bench.tick(after: 499)
        #expect(bench.sent == nil)
        bench.tick(after: 1)
        #expect(bench.sent != nil)
    }

    @Test("leaves alone what it is no candidate for")
    func noCandidate() {
        var bench = following(5)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        bench.tick(after: 100_000)
        #expect(bench.sent == nil)
    }

    @Test("a take-over that another was faster with is no take-over, and not repeated")
    func slower() throws {
        var bench = following(5)
        bench.replica.setCandidate(rank: 0)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        let claim = try #require(bench.sent)
        bench.answer(claim, .wrongLastSequence)
        let question = try #require(bench.asked)
        bench.effects = bench.replica.answered(
            question.ticket, .found(Sample.whole.messages[5]), now: bench.now)
        #expect(bench.replica.role == .following && !bench.gained)
        #expect(bench.replica.tail.owner == Sample.other)
        bench.tick(after: 3000)
        #expect(bench.sent == nil)
    }

    @Test("a take-over is settled by the message that is delivered, too")
    func delivered() throws {
        var bench = following(5)
        bench.replica.setCandidate(rank: 0)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        let claim = try #require(bench.sent)
        bench.effects = bench.replica.received(claim.bytes, at: 6, now: bench.now)
        #expect(bench.gained && bench.replica.role == .owning)
        bench.answer(claim, .acknowledged(sequence: 6))
        #expect(bench.effects.isEmpty)
    }

    // MARK: Holes

    @Test("a hole is read from the leader, and the consumer begins anew behind it")
    func hole() throws {
        var bench = following(1)
        bench.effects = bench.replica.received(Sample.whole.messages[2], at: 3, now: bench.now)
        let question = try #require(bench.asked)
        #expect(question.sequence == 2 && bench.replica.tail.sequence == 1)
        bench.effects = bench.replica.answered(
            question.ticket, .found(Sample.whole.messages[1]), now: bench.now)
        #expect(bench.replica.tail.sequence == 2 && bench.follows)
    }

    @Test("nobody takes over while a message is missing")
    func noClaim() {
        var bench = following(1)
        bench.replica.setCandidate(rank: 0)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        bench.effects = bench.replica.received(Sample.whole.messages[2], at: 3, now: bench.now)
        bench.tick(after: 4000)
        #expect(bench.sent == nil)
    }

    @Test("leader, consumers, other leaders: then the shard stops, and never goes past the hole")
    func ladder() throws {
        var bench = following(1)
        var damaged = Sample.whole.messages[1]
        damaged[100] ^= 1
        bench.effects = bench.replica.received(damaged, at: 2, now: bench.now)
        var counts = (reads: 0, readers: 0, stepDowns: 0)
        for _ in 0..<200 {
            if let reason = bench.stopped {
                #expect(counts.reads == 4 && counts.readers == 24 && counts.stepDowns == 3)
                guard case .unreadable(let sequence, _) = reason else {
                    Issue.record("\(reason)")
                    return
                }
                #expect(sequence == 2 && bench.replica.tail.sequence == 1)
                return
            }
            if let question = bench.asked {
                counts.reads += 1
                bench.effects = bench.replica.answered(
                    question.ticket, .found(damaged), now: bench.now)
            } else if bench.follows {
                counts.readers += 1
                bench.effects = bench.replica.received(
                    Sample.whole.messages[2], at: 3, now: bench.now)
            } else if case .stepDown(let ticket)? = bench.effects.first {
                counts.stepDowns += 1
                bench.effects = bench.replica.steppedDown(ticket, now: bench.now)
            } else {
                bench.tick(after: 500)
            }
        }
        Issue.record("it never ends")
    }

    @Test("what was trimmed comes from a snapshot; without one that reaches it, it is a hole")
    func trimmed() throws {
        var tooOld = Sample()
        tooOld.add(.takeOver, epoch: 1)
        for (snapshot, sequence) in [(Sample.whole.tail, 6), (nil, 1), (tooOld.tail, 1)] {
            var bench = following(1)
            bench.effects = bench.replica.received(
                Sample.whole.messages[4], at: 5, now: bench.now)
            let question = try #require(bench.asked)
            bench.effects = bench.replica.answered(
                question.ticket, .missing(first: 4, last: 6), now: bench.now)
            guard case .findSnapshot(let ticket)? = bench.effects.first else {
                Issue.record("no snapshot was looked for")
                return
            }
            bench.effects = bench.replica.found(ticket, snapshot: snapshot, now: bench.now)
            #expect(bench.follows && bench.replica.tail.sequence == UInt64(sequence))
            let isRestored = bench.has { if case .restore = $0 { true } else { false } }
            #expect(isRestored == (sequence == 6))
        }
    }

    @Test("a newer program's message stops it at once")
    func future() {
        var bench = following(1)
        var bytes = Sample.whole.messages[1]
        bytes[13] = 9
        let checksum = CRC32C.of(bytes, in: 8..<bytes.count)
        for index in 0..<4 { bytes[4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
        bench.effects = bench.replica.received(bytes, at: 2, now: bench.now)
        #expect(bench.stopped == .futureVersion(9))
    }
}
