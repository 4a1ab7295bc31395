import NATS
package import Persistence

/// Reads the messages of a stream that nobody writes to in their order, and holds each against the
/// chain of those before it.
package struct StoppedMessages {
    private let shard: StoppedShard
    private let end: UInt64
    /// Where the stream stands after what was read ahead.
    private var tail: ReplicaTail
    private var ready: [LoggedSection] = []
    /// How many of `ready` were given away.
    private var given = 0
    /// Leaders that were asked for the next message.
    private var leaders = 1

    /// Messages that are asked for at the same time.
    private static let window: UInt64 = 16

    init(_ shard: StoppedShard, after tail: ReplicaTail, through end: UInt64) {
        self.shard = shard
        self.tail = tail
        self.end = end
    }

    /// Where the shard's records stand once all of them were read.
    package var stream: StreamTail { tail.stream }

    /// The next records; nil at the end.
    package mutating func next() async throws -> LoggedSection? {
        while given == ready.count {
            guard tail.sequence < end else { return nil }
            ready.removeAll(keepingCapacity: true)
            given = 0
            try await readAhead()
        }
        given += 1
        return ready[given - 1]
    }

    private mutating func readAhead() async throws {
        let wanted = tail.sequence + 1...min(end, tail.sequence + Self.window)
        for (sequence, bytes) in zip(wanted, try await fetch(wanted)) {
            do throws(ReplicaFault) {
                guard let bytes else { throw .damaged("it is not there") }
                let section = try tail.advance(past: bytes, at: sequence, in: shard.place)
                if let section { ready.append(section) }
                leaders = 1
            } catch {
                return try await failed(error, at: sequence)
            }
        }
    }

    /// What was verified before it stays; the rest is asked of another leader.
    private mutating func failed(_ fault: ReplicaFault, at sequence: UInt64) async throws {
        switch fault {
        case .damaged(let reason):
            guard leaders < StoppedShard.leadersMax else {
                throw StorageError.corrupt(
                    file: shard.names.stream, offset: sequence, reason: reason)
            }
            leaders += 1
            await shard.tryAnotherLeader(of: shard.names.stream)
        case .futureVersion(let version):
            throw StorageError.futureVersion(
                file: shard.names.stream, found: UInt16(version),
                supported: UInt16(ReplicaMessage.version))
        }
    }

    private func fetch(_ wanted: ClosedRange<UInt64>) async throws -> [[UInt8]?] {
        let shard = shard
        return try await withThrowingTaskGroup(of: (Int, [UInt8]?).self) { group in
            for (index, sequence) in wanted.enumerated() {
                group.addTask { (index, try await Self.message(sequence, of: shard)) }
            }
            var found = [[UInt8]?](repeating: nil, count: wanted.count)
            for try await (index, bytes) in group { found[index] = bytes }
            return found
        }
    }

    /// Nil when the leader does not have it.
    private static func message(
        _ sequence: UInt64, of shard: StoppedShard
    ) async throws -> [UInt8]? {
        do {
            let stream = shard.names.stream
            return try await shard.patiently(stream) { () async throws(JetStreamError) in
                try await shard.jetStream.message(sequence, of: stream).payload
            }
        } catch let error as JetStreamError
            where error.errorCode == APIErrorCode.messageNotFound
        {
            return nil
        }
    }
}
