import NATS
import NIOCore
package import Persistence
import Synchronization

extension JetStreamLog {
    /// Reads the streams again, from their leaders. Blocks its caller's thread: call it from a
    /// thread of its own, never from the cooperative pool or an event loop.
    ///
    /// - Throws: `StorageError.missing` when the records after `records` have been trimmed.
    package func read(
        from records: [ShardID: UInt64], _ body: (LoggedSection) throws -> Void
    ) throws {
        for driver in drivers {
            let after = records[driver.names.shard, default: 0]
            let sections = try blocking { await driver.sections(after: after) }
            for section in sections { try body(section) }
        }
    }

    /// Has the pool do what this thread waits for.
    func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Result<Value, StorageError>
    ) throws(StorageError) -> Value {
        let eventLoop = jetStream.client.eventLoop
        let promise = eventLoop.makePromise(of: Result<Value, StorageError>.self)
        Task.detached { promise.succeed(await body()) }
        do {
            return try promise.futureResult.wait().get()
        } catch let error as StorageError {
            throw error
        } catch {
            throw .missing(file: "the stream", reason: "\(error)")
        }
    }
}

extension ShardDriver {
    /// What a snapshot, or the beginning, leaves over, up to what is verified now.
    fileprivate func sections(after record: UInt64) async -> Result<[LoggedSection], StorageError> {
        guard let end = state.withLock({ $0.replica?.tail }) else {
            return .failure(.missing(file: names.stream, reason: "the shard is not loaded yet"))
        }
        var tail = state.withLock { $0.snapshot?.tail } ?? ReplicaTail()
        guard record >= tail.stream.record else {
            return .failure(
                .missing(file: names.stream, reason: "what comes after \(record) was trimmed"))
        }
        var sections: [LoggedSection] = []
        while tail.sequence < end.sequence {
            let sequence = tail.sequence + 1
            guard let message = try? await jetStream.message(sequence, of: names.stream) else {
                return .failure(.missing(file: names.stream, reason: "message \(sequence)"))
            }
            do throws(ReplicaFault) {
                let section = try tail.advance(past: message.payload, at: sequence, in: place)
                guard let section else { continue }
                let last = section.firstRecord + UInt64(section.recordCount) - 1
                if last > record { sections.append(section) }
            } catch {
                return .failure(
                    .corrupt(file: names.stream, offset: sequence, reason: "\(error)"))
            }
        }
        return .success(sections)
    }
}
