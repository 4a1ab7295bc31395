import NATS
import Persistence
import Synchronization

extension ShardDriver {
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// - Returns: whether that is something new.
    @discardableResult
    func setCandidate(_ rank: Int?) -> Bool {
        state.withLock { state in
            defer { state.rank = rank }
            state.replica?.setCandidate(rank: rank)
            return state.rank != rank
        }
    }

    var mayRead: Bool {
        let now = moment()
        return state.withLock { state in
            guard let replica = state.replica, replica.tail.epoch == openedEpoch.value else {
                return false
            }
            return replica.mayRead(at: now)
        }
    }

    var status: ShardStatus? {
        let now = moment()
        return state.withLock { state in
            state.replica.map { replica in
                ShardStatus(
                    role: replica.role,
                    mayRead: replica.mayRead(at: now) && replica.tail.epoch == openedEpoch.value,
                    epoch: replica.tail.epoch, owner: replica.tail.owner,
                    address: replica.tail.address, sequence: replica.tail.sequence,
                    record: replica.tail.stream.record, isFull: replica.isFull,
                    isWarm: replica.isWarm && feed.isNearlyRead,
                    leaseMilliseconds: replica.leaseLeft(at: now),
                    silenceMilliseconds: replica.silence(at: now),
                    unreadBytes: feed.unreadBytes, tally: state.tally)
            }
        }
    }

    func append(_ batch: RecordBatch, expecting: UInt64?) throws(AppendError) -> LogPosition {
        let now = moment()
        let (position, effects, generation) = try state.withLock { state throws(AppendError) in
            guard var replica = state.replica, !state.isClosed,
                replica.tail.epoch == openedEpoch.value
            else {
                state.tally.fenced += 1
                throw .fenced
            }
            state.replica = nil
            defer { state.replica = replica }
            let result = try replica.append(
                count: batch.count, bytes: batch.bytes, expecting: expecting, now: now)
            state.loggedBytes += UInt64(batch.bytes.count)
            state.tally.appends += 1
            let position = LogPosition(
                shard: place.shard, record: result.record, term: replica.tail.epoch)
            return (position, result.effects, state.generation)
        }
        perform(effects, generation)
        return position
    }

    /// Nil when that is not known yet.
    func settlement(of position: LogPosition) -> Settlement? {
        state.withLock { $0.settlement(of: position) }
    }

    func whenSettled(
        _ position: LogPosition, _ body: @escaping @Sendable (Settlement) -> Void
    ) {
        let known = state.withLock { state -> Settlement? in
            if let known = state.settlement(of: position) { return known }
            state.book.wait(
                SettlementBook.Waiter(record: position.record) { body($0 ? .durable : .lost) })
            return nil
        }
        if let known { body(known) }
    }
}

extension ShardDriver.State {
    fileprivate func settlement(of position: LogPosition) -> Settlement? {
        let verified = replica?.tail.stream.record ?? 0
        let isDurable = book.isDurable(
            position.record, term: position.term, verified: verified)
        return isDurable.map { $0 ? .durable : .lost }
    }
}
