/// What became of appends, by the term in which they were made. Pure.
///
/// The same ordinal can have been appended twice: by this server, which then lost the shard, and by
/// the next owner. A caller that asks late must not be told of the other's record.
struct SettlementBook: Sendable {
    /// A term of this server that is over: its records up to there are in the stream.
    private struct Ended: Sendable {
        let term: UInt64
        let record: UInt64
    }

    /// Somebody who waits for a record of the current term.
    struct Waiter: Sendable {
        let record: UInt64
        let body: @Sendable (Bool) -> Void
    }

    private(set) var term: UInt64 = 0
    private var settled: UInt64 = 0
    private var ended: [Ended] = []
    private var waiters: [Waiter] = []

    /// Older terms than these count as lost: nobody waits through so many.
    private static let termsKept = 16

    mutating func begin(term: UInt64, record: UInt64) {
        self.term = term
        settled = record
    }

    /// - Returns: who is told now that it is durable.
    mutating func settle(through record: UInt64) -> [Waiter] {
        settled = record
        let ready = waiters.filter { $0.record <= record }
        if !ready.isEmpty { waiters.removeAll { $0.record <= record } }
        return ready
    }

    /// - Returns: who is told now that it is lost.
    mutating func end() -> [Waiter] {
        if term != 0 {
            ended.append(Ended(term: term, record: settled))
            if ended.count > Self.termsKept { ended.removeFirst() }
        }
        term = 0
        defer { waiters = [] }
        return waiters
    }

    /// Nil when that is not known yet.
    ///
    /// - Parameter verified: the last record that is known to be in the stream, whoever wrote it.
    func isDurable(_ record: UInt64, term: UInt64, verified: UInt64) -> Bool? {
        if term == 0 { return record <= verified ? true : self.term == 0 ? false : nil }
        if term == self.term { return record <= settled ? true : nil }
        return ended.last { $0.term == term }.map { record <= $0.record } ?? false
    }

    mutating func wait(_ waiter: Waiter) { waiters.append(waiter) }
}
