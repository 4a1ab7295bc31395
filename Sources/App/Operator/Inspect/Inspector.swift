import Actors
import Persistence

/// Reads what the log says: the records around a time, and the state that they led to.
struct Inspector {
    let log: FrozenLog

    /// One record of the log.
    struct Entry {
        let position: LogPosition
        let writtenAt: UInt64
        let kind: UInt16
        let story: RecordStory
    }

    // MARK: Records

    /// The records that fulfil the condition: the last `limit` up to the time, and as many of those
    /// after it; without a time the newest.
    func entries(
        around time: UInt64?, limit: Int, where isWanted: (Entry) -> Bool
    ) throws -> [Entry] {
        var before: [Entry] = []
        var after: [Entry] = []
        try log.read { section in
            let isLater = time.map { section.writtenAtMilliseconds > $0 } ?? false
            try DecodedRecord.forEach(in: section) { record, stored, ordinal in
                let entry = Entry(
                    position: LogPosition(shard: section.shard, record: ordinal),
                    writtenAt: section.writtenAtMilliseconds, kind: stored.kind,
                    story: RecordStory(record))
                guard isWanted(entry) else { return }
                if isLater {
                    if after.count < limit { after.append(entry) }
                } else {
                    before.append(entry)
                    // Cut now and then, so that the whole log never lies in memory.
                    if before.count >= 2 * limit { before.removeFirst(before.count - limit) }
                }
            }
        }
        return before.suffix(limit) + after
    }

    /// The last record of the shard that was written at the time or before.
    func record(of shard: ShardID, at time: UInt64) throws -> UInt64? {
        var found: UInt64?
        try log.read { section in
            guard section.shard == shard, section.writtenAtMilliseconds <= time else { return }
            found = section.firstRecord + UInt64(section.recordCount) - 1
        }
        return found
    }

    // MARK: State

    struct Moment {
        let accounts: AccountState
        /// When the frame of the last record was written; nil when it is behind a snapshot only.
        let writtenAt: UInt64?
        /// The records of the shard that were replayed, newest last.
        let last: Entry?
    }

    /// The accounts of a shard as they were after the record.
    ///
    /// - Throws: `OperatorRefusal` when the log does not reach so far back, or so far ahead.
    func accounts(of shard: ShardID, at record: UInt64) throws -> Moment {
        let newest = log.records[shard, default: 0]
        guard Int(shard.rawValue) < log.shardCount else {
            throw OperatorRefusal(text: "There are shards 0 to \(log.shardCount - 1).")
        }
        guard record <= newest else {
            throw OperatorRefusal(
                text: "Shard \(shard) has records up to \(newest); \(record) is not there yet.")
        }
        // A snapshot that already knows a later record can't show an earlier moment.
        let base = log.snapshots.last { $0.newestRecords[shard, default: 0] <= record }
        let first = try log.firstRecords()[shard, default: 1]
        guard base != nil || first == 1 else {
            throw OperatorRefusal(
                text: "The log of shard \(shard) begins at record \(first) and the snapshots that "
                    + "are left are newer than record \(record). A backup of that time may have "
                    + "it: restore it elsewhere and look there.")
        }
        return try replay(shard, from: base, upTo: record)
    }

    private func replay(
        _ shard: ShardID, from base: SnapshotFile?, upTo record: UInt64
    ) throws -> Moment {
        var accounts = RecoveredAccounts()
        try base?.forEachChunk { header, chunk in
            guard header.shard == shard, let kind = SnapshotPartKind(rawValue: header.kind) else {
                return
            }
            switch kind {
            case .accountMarks, .users, .sessions:
                try accounts.restore(kind, chunk: chunk, appliedRecord: header.appliedRecord)
            case .sessionsLastSeen, .passwordThrottle, .installation, .tokensLastUsed, .usage,
                .rateLimits, .alerts:
                break
            }
        }
        var writtenAt: UInt64?
        var last: Entry?
        try log.read(from: base?.base.records ?? [:]) { section in
            guard section.shard == shard, section.firstRecord <= record else { return }
            try DecodedRecord.forEach(in: section) { decoded, stored, ordinal in
                guard ordinal <= record else { return }
                writtenAt = section.writtenAtMilliseconds
                if ordinal == record {
                    last = Entry(
                        position: LogPosition(shard: shard, record: ordinal),
                        writtenAt: section.writtenAtMilliseconds, kind: stored.kind,
                        story: RecordStory(decoded))
                }
                if case .account = decoded { try accounts.replay(stored, record: ordinal) }
            }
        }
        return Moment(
            accounts: accounts.state, writtenAt: writtenAt ?? base?.createdAtMilliseconds,
            last: last)
    }
}
