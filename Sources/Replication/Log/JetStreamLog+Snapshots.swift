package import Persistence
import Synchronization

extension JetStreamLog {
    package func snapshotBase() -> SnapshotBase {
        var records: [ShardID: UInt64] = [:]
        var sequences: UInt64 = 0
        for driver in drivers {
            let tail = driver.markBase()
            records[driver.names.shard] = tail.stream.record
            sequences += tail.sequence
        }
        return SnapshotBase(frame: sequences, records: records)
    }

    /// Writes a snapshot of each shard that this server owns and that has parts. One that has
    /// changed its owner since the base was marked is left to the next time.
    package func putSnapshot(_ parts: [SnapshotPart], base: SnapshotBase) throws(StorageError) {
        for driver in drivers {
            let own = parts.filter { $0.shard == driver.names.shard }
            guard !own.isEmpty, let record = base.records[driver.names.shard],
                driver.isOwnedSinceBase
            else { continue }
            try blocking { await driver.putSnapshot(own, baseRecord: record) }
        }
    }

    /// Writes a snapshot of one shard, reads it back, and trims what only older ones needed.
    ///
    /// - Parameter baseRecord: what `snapshotBase` said before the parts were copied.
    package func putSnapshot(
        _ parts: [SnapshotPart], of shard: ShardID, baseRecord: UInt64
    ) async throws(StorageError) {
        try await driver(shard).putSnapshot(parts, baseRecord: baseRecord).get()
    }

    /// The state of each shard comes through its feed, and with it what a snapshot has.
    package func latestSnapshot() -> SnapshotFile? { nil }

    /// Of the shards that this server owns; others have their own owners for it.
    package var bytesSinceSnapshot: UInt64 {
        drivers.reduce(0) { sum, driver in
            sum + driver.state.withLock { $0.isOwning ? $0.loggedBytes : 0 }
        }
    }

    package var snapshotBytes: UInt64 {
        drivers.reduce(0) { sum, driver in
            sum + driver.state.withLock { $0.isOwning ? $0.snapshotBytes : 0 }
        }
    }
}

extension ShardDriver.State {
    fileprivate var isOwning: Bool { replica?.role == .owning }
}

extension ShardDriver {
    /// Whether nobody else can have written to the shard since `markBase`.
    fileprivate var isOwnedSinceBase: Bool {
        state.withLock { state in
            state.isOwning && state.replica?.tail.epoch == state.base?.tail.epoch
        }
    }

    /// Where the stream stands now; remembered for the snapshot that is about to be copied.
    func markBase() -> ReplicaTail {
        state.withLock { state in
            let tail = state.replica?.tail ?? ReplicaTail()
            state.base = (tail, state.loggedBytes)
            return tail
        }
    }

    func putSnapshot(
        _ parts: [SnapshotPart], baseRecord: UInt64
    ) async -> Result<Void, StorageError> {
        guard let base = state.withLock({ $0.base }), base.tail.stream.record == baseRecord else {
            return .failure(
                .missing(file: names.snapshotStream, reason: "the base was not marked"))
        }
        if let newest = state.withLock({ $0.snapshot }),
            newest.tail.sequence >= base.tail.sequence
        {
            return .success(())
        }
        // A snapshot must never know more than the stream.
        for part in parts {
            let position = LogPosition(shard: place.shard, record: part.appliedRecord)
            guard await isInStream(position) else {
                return .failure(.missing(file: names.stream, reason: "the shard was lost"))
            }
        }
        let now = settings.wallClock()
        let written: SnapshotManifest
        do throws(SnapshotFailure) {
            written = try await snapshots.write(parts, tail: base.tail, createdAtMilliseconds: now)
        } catch {
            return .failure(.missing(file: names.snapshotStream, reason: "\(error)"))
        }
        state.withLock { state in
            state.snapshot = written
            state.loggedBytes -= min(state.loggedBytes, base.loggedBytes)
        }
        return .success(())
    }

    private func isInStream(_ position: LogPosition) async -> Bool {
        await withCheckedContinuation { continuation in
            whenSettled(position) { continuation.resume(returning: $0 == .durable) }
        }
    }
}
