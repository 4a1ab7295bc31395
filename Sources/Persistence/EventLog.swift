/// One of the fixed number of slices of the state, each with its own stream of records.
package struct ShardID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }
    package static func < (left: ShardID, right: ShardID) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "\(rawValue)" }
}

/// A place in one shard's stream: the ordinal of a record, counted from 1 when the directory was
/// made. Zero is the place before the first.
package struct LogPosition: Hashable, Comparable, Sendable {
    package let shard: ShardID
    package let record: UInt64
    /// Whose append it was, where servers take turns: the same ordinal can be another's record in
    /// a later term. 0 in a log of one server, and for what its reader knows to be in the stream.
    package let term: UInt64

    package init(shard: ShardID, record: UInt64, term: UInt64 = 0) {
        self.shard = shard
        self.record = record
        self.term = term
    }

    /// Positions of different shards have no order; comparing them is a programmer's error.
    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        precondition(left.shard == right.shard)
        return left.record < right.record
    }
}

/// Why an append was refused, before anything was written or may be applied.
package enum AppendError: Error, Equatable, Sendable {
    /// The disk has no room for another segment. Reads go on; appends work again once space
    /// returns.
    case full
    /// More is waiting for the disk than the log is willing to hold in memory.
    case overloaded
    /// Another server owns this shard now, or the shard is not where the caller believed it to be.
    case fenced
}

/// What became of an append.
package enum Settlement: Equatable, Sendable {
    case durable
    /// Another server owns the shard now, and what was appended is not known to be in its stream:
    /// nobody may be told that it happened, and whoever has applied it must forget the shard's
    /// state.
    case lost
}

/// A section as replay sees it: consecutive records of one shard that became durable together.
package struct LoggedSection: Sendable {
    package let shard: ShardID
    /// The ordinal of the section's first record.
    package let firstRecord: UInt64
    package let recordCount: Int
    /// When the writer closed the batch, Unix milliseconds.
    package let writtenAtMilliseconds: UInt64
    /// The records, to be read with `RecordBatch.next(from:)`.
    package let reader: ByteReader

    package init(
        shard: ShardID, firstRecord: UInt64, recordCount: Int, writtenAtMilliseconds: UInt64,
        reader: ByteReader
    ) {
        self.shard = shard
        self.firstRecord = firstRecord
        self.recordCount = recordCount
        self.writtenAtMilliseconds = writtenAtMilliseconds
        self.reader = reader
    }
}

/// Part of a snapshot: the state of one kind of actor in one shard.
package struct SnapshotPart: Sendable {
    /// What the part holds; its meaning belongs to the domain.
    package let kind: UInt16
    package let shard: ShardID
    /// Every record of this shard up to here that concerns the part is in it; replay into the part
    /// starts after it.
    package let appliedRecord: UInt64
    /// Answers the next chunk, or nil at the end. Each chunk can be decoded by itself and is at
    /// most `SnapshotFormat.chunkBytesMax` long. Called on a background thread.
    package let nextChunk: @Sendable () -> [UInt8]?

    package init(
        kind: UInt16, shard: ShardID, appliedRecord: UInt64,
        nextChunk: @escaping @Sendable () -> [UInt8]?
    ) {
        self.kind = kind
        self.shard = shard
        self.appliedRecord = appliedRecord
        self.nextChunk = nextChunk
    }
}

/// What identifies a chunk that comes back from a snapshot.
package struct SnapshotPartHeader: Hashable, Sendable {
    package let kind: UInt16
    package let shard: ShardID
    package let appliedRecord: UInt64

    package init(kind: UInt16, shard: ShardID, appliedRecord: UInt64) {
        self.kind = kind
        self.shard = shard
        self.appliedRecord = appliedRecord
    }
}

/// Where each shard's stream stood when a snapshot began; every part is at or after it.
package struct SnapshotBase: Sendable, Equatable {
    package let frame: UInt64
    package let records: [ShardID: UInt64]
    /// The log's chain at the frame.
    let digest: ChainDigest
    /// Bytes of log between the snapshot before and this base.
    let logBytes: UInt64

    package init(frame: UInt64, records: [ShardID: UInt64]) {
        self.init(frame: frame, records: records, digest: .zero, logBytes: 0)
    }

    init(frame: UInt64, records: [ShardID: UInt64], digest: ChainDigest, logBytes: UInt64) {
        self.frame = frame
        self.records = records
        self.digest = digest
        self.logBytes = logBytes
    }
}

/// The durable, ordered streams of records, one a shard, that all state is rebuilt from.
///
/// `FileLog` keeps them in one file per segment on this machine; a simulated log is the second
/// implementation, a replicated one the third. A writer appends inside its actor's turn, applies,
/// and only then waits for `durable(through:)`; nobody is told of anything before that returns.
package protocol EventLog: Sendable {
    var shardCount: Int { get }
    /// The bytes that one append may hold; more is a programmer's error.
    var appendBytesMax: Int { get }

    /// Puts the records at the end of the shard's stream, in memory, in order, without waiting.
    ///
    /// - Parameter expecting: the ordinal the caller believes to be the shard's last; nil when it
    ///   shares the shard with other writers of this process.
    /// - Returns: the position of the batch's last record.
    func append(
        _ batch: RecordBatch, to shard: ShardID, expecting: UInt64?
    ) throws(AppendError) -> LogPosition

    /// Whether the position is on the disk already.
    func isDurable(_ position: LogPosition) -> Bool

    /// Returns when everything up to the position is on the disk. A disk that fails ends the
    /// process, so this cannot fail.
    func durable(through position: LogPosition) async

    /// The same for callers that can't suspend: `body` is called once, here when the position is on
    /// the disk already, else later by the log's own thread, which it must not hold up.
    func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void)

    /// What became of everything up to the position, once that is known. Unlike `durable`, this is
    /// for callers of any log: one that several servers share can lose what it took.
    func settled(_ position: LogPosition) async -> Settlement

    /// The same for callers that can't suspend.
    func whenSettled(_ position: LogPosition, _ body: @escaping @Sendable (Settlement) -> Void)

    /// Calls `body` with every durable section of every shard that holds records after `records`,
    /// in the order they became durable.
    func read(
        from records: [ShardID: UInt64], _ body: (LoggedSection) throws -> Void
    ) throws

    /// Where the streams stand durably now: to be asked *before* the parts of a snapshot are
    /// copied.
    func snapshotBase() -> SnapshotBase

    /// Writes, verifies and publishes a snapshot, then trims what only older ones needed.
    /// Blocks its caller's thread for the whole write: call it from a background thread, never from
    /// the cooperative pool or an event loop.
    func putSnapshot(_ parts: [SnapshotPart], base: SnapshotBase) throws(StorageError)

    /// The newest snapshot, or nil when there is none and the log starts at its beginning.
    func latestSnapshot() -> SnapshotFile?

    /// Bytes of log written since the newest snapshot's base: what decides when the next one is
    /// due.
    var bytesSinceSnapshot: UInt64 { get }
    /// The size of the newest snapshot on disk, 0 when there is none.
    var snapshotBytes: UInt64 { get }
    /// False while the disk has no room: appends answer `full`.
    var hasRoom: Bool { get }

    /// Writes what was appended and a mark that tells the next start of a stop in good order.
    /// Nothing may be appended afterwards.
    func close() async
}

extension EventLog {
    /// A log that only this process writes loses nothing that it took.
    package func settled(_ position: LogPosition) async -> Settlement {
        await durable(through: position)
        return .durable
    }

    package func whenSettled(
        _ position: LogPosition, _ body: @escaping @Sendable (Settlement) -> Void
    ) {
        whenDurable(position) { body(.durable) }
    }

    /// Appends records of one type as one indivisible batch.
    package func append<Record: LogRecord>(
        _ records: [Record], to shard: ShardID, expecting: UInt64? = nil
    ) throws(AppendError) -> LogPosition {
        try append(RecordBatch(records), to: shard, expecting: expecting)
    }
}
