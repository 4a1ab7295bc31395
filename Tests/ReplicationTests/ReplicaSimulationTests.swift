import ReplicationSimulation
import Testing

@testable import Replication

@Suite("The simulation of a shard's replicas, in short")
struct ReplicaSimulationTests {
    @Test("every seed passes, and every fault and outcome is met")
    func seeds() {
        var tally = ReplicaTally()
        for seed in 1...400 {
            if let reason = ReplicaWorld.run(seed: UInt64(seed), tally: &tally) {
                Issue.record("seed \(seed): \(reason)\nmake replicas SEED=\(seed)")
                return
            }
        }
        for fault in ReplicaTally.Fault.allCases { #expect(tally[fault] > 0, "\(fault)") }
        // More than sixteen MiB in memory would make every seed slow: a test of its own has it.
        for outcome in ReplicaTally.Outcome.allCases where outcome != .appendOverloaded {
            #expect(tally[outcome] > 0, "\(outcome)")
        }
    }

    @Test("the same seed gives the same run")
    func repeatable() {
        for seed in [3, 77] {
            let first = ReplicaWorld.trace(seed: UInt64(seed))
            #expect(first == ReplicaWorld.trace(seed: UInt64(seed)) && first.count > 50)
        }
    }
}

@Suite("What became of appends")
struct SettlementBookTests {
    @Test("a record of a term that was lost is not taken for the next owner's")
    func terms() {
        var book = SettlementBook()
        book.begin(term: 3, record: 10)
        _ = book.settle(through: 12)
        #expect(book.isDurable(12, term: 3, verified: 12) == true)
        #expect(book.isDurable(13, term: 3, verified: 12) == nil)
        _ = book.end()
        // The next owner has written 13 to 20.
        #expect(book.isDurable(12, term: 3, verified: 20) == true)
        #expect(book.isDurable(13, term: 3, verified: 20) == false)
        book.begin(term: 5, record: 20)
        #expect(book.isDurable(13, term: 3, verified: 20) == false)
        #expect(book.isDurable(21, term: 5, verified: 20) == nil)
        #expect(book.isDurable(20, term: 0, verified: 20) == true)
        #expect(book.isDurable(1, term: 2, verified: 20) == false)
    }

    @Test("who waits is told once: durable in order, or lost with the term")
    func waiters() {
        var book = SettlementBook()
        book.begin(term: 1, record: 0)
        for record in [1, 2, 3] as [UInt64] {
            book.wait(SettlementBook.Waiter(record: record) { _ in })
        }
        #expect(book.settle(through: 2).map(\.record) == [1, 2])
        #expect(book.settle(through: 2).isEmpty)
        #expect(book.end().map(\.record) == [3])
        #expect(book.end().isEmpty)
    }
}
