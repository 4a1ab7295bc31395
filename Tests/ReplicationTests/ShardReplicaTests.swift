import Persistence
import Replication
import Testing

/// A replica whose world is the test.
struct Bench {
    var replica: ShardReplica
    var time: UInt64 = 1000
    var effects: [ReplicaEffect] = []

    init(owner: OwnerID = Sample.owner, settings: ReplicaSettings = ReplicaSettings()) {
        replica = ShardReplica(
            Sample.place, owner: owner, address: "here", after: ReplicaTail(),
            settings: settings, now: Moment(monotonic: 1000, wall: 5))
        effects = replica.start()
    }

    var now: Moment { Moment(monotonic: time, wall: 5) }

    mutating func tick(after milliseconds: UInt64 = 0) {
        time += milliseconds
        effects = replica.tick(now: now)
    }

    mutating func answer(_ append: StreamAppend, _ answer: AppendAnswer) {
        effects = replica.answered(append.ticket, answer, now: now)
    }

    mutating func append(_ text: String) throws(AppendError) -> UInt64 {
        let batch = RecordBatch([TextRecord(text)])
        let result = try replica.append(
            count: 1, bytes: batch.bytes, expecting: nil, now: now)
        effects = result.effects
        return result.record
    }

    /// The append among the last effects.
    var sent: StreamAppend? {
        for case .append(let append) in effects { return append }
        return nil
    }

    var asked: (ticket: UInt64, sequence: UInt64)? {
        for case .read(let ticket, let sequence) in effects { return (ticket, sequence) }
        return nil
    }

    var settled: UInt64? {
        for case .settled(let record) in effects { return record }
        return nil
    }

    var wakesAfter: UInt64? {
        for case .wake(let milliseconds) in effects { return milliseconds }
        return nil
    }

    func has(_ match: (ReplicaEffect) -> Bool) -> Bool { effects.contains(where: match) }

    var isLost: Bool { has { if case .lost = $0 { true } else { false } } }
    var gained: Bool { has { if case .gained = $0 { true } else { false } } }
    var follows: Bool { has { if case .follow = $0 { true } else { false } } }
    var stopped: StopReason? {
        for case .stopped(let reason) in effects { return reason }
        return nil
    }

    /// An owner of epoch 1, with nothing under way.
    static func owner(settings: ReplicaSettings = ReplicaSettings()) throws -> Bench {
        var bench = Bench(settings: settings)
        bench.replica.setCandidate(rank: 0)
        bench.effects = bench.replica.caughtUp(now: bench.now)
        let claim = try #require(bench.sent)
        #expect(claim.expectedLastSequence == 0)
        bench.answer(claim, .acknowledged(sequence: 1))
        #expect(bench.gained && bench.replica.role == .owning)
        return bench
    }
}

@Suite("The owner of a shard")
struct OwnerTests {
    @Test("one message is under way; what comes meanwhile is the next one")
    func groupCommit() throws {
        var bench = try Bench.owner()
        #expect(try bench.append("a") == 1)
        let first = try #require(bench.sent)
        #expect(first.expectedLastSequence == 1)
        #expect(try bench.append("b") == 2 && bench.sent == nil)
        #expect(try bench.append("c") == 3 && bench.sent == nil)
        #expect(!bench.replica.isSettled(1))
        bench.answer(first, .acknowledged(sequence: 2))
        #expect(bench.settled == 1)
        let second = try #require(bench.sent)
        #expect(second.expectedLastSequence == 2)
        bench.answer(second, .acknowledged(sequence: 3))
        #expect(bench.settled == 3 && bench.replica.tail.stream.section == 2)
    }

    @Test("without an answer the same bytes go again, with the same id and the same fence")
    func again() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        let first = try #require(bench.sent)
        for answer in [AppendAnswer.unavailable, .duplicateUnderWay, .refused("x"), .full] {
            let sent = bench.sent ?? first
            bench.answer(sent, answer)
            #expect(bench.settled == nil)
            bench.tick(after: 1000)
            let next = try #require(bench.sent)
            #expect(next.bytes == first.bytes && next.messageID == first.messageID)
            #expect(next.expectedLastSequence == first.expectedLastSequence)
            #expect(next.ticket != sent.ticket)
        }
        let last = try #require(bench.sent)
        bench.answer(first, .acknowledged(sequence: 2))
        #expect(bench.settled == nil, "an old attempt's answer was taken for the new one's")
        bench.answer(last, .acknowledged(sequence: 2))
        #expect(bench.settled == 1)
    }

    @Test("the lease counts from the first attempt, whichever was answered")
    func lease() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        let first = try #require(bench.sent)
        let sentAt = bench.time
        bench.time += 2000
        bench.answer(first, .unavailable)
        bench.tick(after: 100)
        let second = try #require(bench.sent)
        bench.answer(second, .acknowledged(sequence: 2))
        bench.time = sentAt + 2999
        #expect(bench.replica.mayRead(at: bench.now))
        bench.time = sentAt + 3000
        #expect(!bench.replica.mayRead(at: bench.now))
    }

    @Test("refused by the fence, it looks: its own message is a success")
    func ownMessage() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        let sent = try #require(bench.sent)
        bench.answer(sent, .wrongLastSequence)
        let question = try #require(bench.asked)
        #expect(question.sequence == 2)
        bench.effects = bench.replica.answered(
            question.ticket, .found(sent.bytes), now: bench.now)
        #expect(bench.settled == 1 && bench.replica.role == .owning)
    }

    @Test("another's message there means that the shard is lost, with all that waits")
    func fenced() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        let sent = try #require(bench.sent)
        let other = bench.replica.tail.encode(
            .takeOver, epoch: 2, owner: Sample.other, place: Sample.place,
            writtenAtMilliseconds: 1)
        bench.answer(sent, .wrongLastSequence)
        let question = try #require(bench.asked)
        bench.effects = bench.replica.answered(
            question.ticket, .found(other.bytes), now: bench.now)
        #expect(bench.isLost && bench.settled == nil && bench.replica.role == .ended)
        #expect(!bench.replica.mayRead(at: bench.now))
        #expect(throws: AppendError.fenced) { _ = try bench.append("b") }
        bench.tick(after: 10_000)
        #expect(bench.effects.isEmpty)
    }

    @Test("messages that are gone stop the shard; a leader that is not sure yet does not")
    func regressed() throws {
        var settings = ReplicaSettings()
        settings.disagreementsMax = 3
        var bench = try Bench.owner(settings: settings)
        _ = try bench.append("a")
        for round in 1...20 {
            let sent = try #require(bench.sent)
            bench.answer(sent, .wrongLastSequence)
            let question = try #require(bench.asked)
            let last: UInt64 = round < 10 ? 1 : 0
            bench.effects = bench.replica.answered(
                question.ticket, .missing(first: 1, last: last), now: bench.now)
            if round == 12 {
                #expect(bench.stopped == .regressed(sequence: 1, last: 0))
                return
            }
            #expect(bench.stopped == nil)
            bench.tick(after: 200)
        }
        Issue.record("it goes on")
    }

    @Test("an owner with nothing to write says that it lives, before its lease ends")
    func heartbeat() throws {
        var bench = try Bench.owner()
        bench.tick(after: 999)
        #expect(bench.sent == nil)
        bench.tick(after: 1)
        let beat = try #require(bench.sent)
        bench.answer(beat, .acknowledged(sequence: 2))
        #expect(bench.replica.tail.stream.section == 0 && bench.replica.tail.sequence == 2)
        bench.time += 2999
        #expect(bench.replica.mayRead(at: bench.now))
    }

    @Test("gives up after everything that it took, and reads nothing from then on")
    func release() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        let first = try #require(bench.sent)
        _ = try bench.append("b")
        bench.effects = bench.replica.release(now: bench.now)
        #expect(throws: AppendError.fenced) { _ = try bench.append("c") }
        bench.answer(first, .acknowledged(sequence: 2))
        let second = try #require(bench.sent)
        bench.answer(second, .acknowledged(sequence: 3))
        #expect(bench.settled == 2 && !bench.replica.mayRead(at: bench.now))
        let release = try #require(bench.sent)
        bench.answer(release, .acknowledged(sequence: 4))
        #expect(bench.replica.role == .following && bench.follows)
        #expect(bench.replica.tail.owner == .none)
    }

    @Test("takes only so much, and splits it into messages of at most half a MiB")
    func limits() throws {
        var bench = try Bench.owner()
        let size = ShardReplica.appendBytesMax
        let big = [UInt8](repeating: 1, count: size)
        var first = try #require(
            try bench.replica.append(count: 1, bytes: big, expecting: nil, now: bench.now).effects
                .compactMap { if case .append(let append) = $0 { append } else { nil } }.first)
        #expect(first.bytes.count <= ReplicaMessage.bytesMax)
        #expect(throws: AppendError.overloaded) {
            for _ in 0..<100 {
                _ = try bench.replica.append(
                    count: 1, bytes: big, expecting: nil, now: bench.now)
            }
        }
        for sequence in 2...10 {
            bench.answer(first, .acknowledged(sequence: UInt64(sequence)))
            first = try #require(bench.sent)
            #expect(first.bytes.count <= ReplicaMessage.bytesMax)
        }
    }

    @Test("a full stream refuses what is new, and takes it again later")
    func full() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        bench.answer(try #require(bench.sent), .full)
        #expect(throws: AppendError.full) { _ = try bench.append("b") }
        bench.tick(after: 1000)
        bench.answer(try #require(bench.sent), .acknowledged(sequence: 2))
        #expect(bench.settled == 1)
        #expect(try bench.append("b") == 2)
    }

    @Test("who expects another record is fenced")
    func expecting() throws {
        var bench = try Bench.owner()
        _ = try bench.append("a")
        #expect(throws: AppendError.fenced) {
            _ = try bench.replica.append(count: 1, bytes: [1], expecting: 0, now: bench.now)
        }
    }
}
