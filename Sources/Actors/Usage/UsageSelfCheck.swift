package import Persistence

/// Counts the events on the disk again and compares with what the actor believes.
///
/// It reads the newest snapshot and the log after it, as a start would, and nothing of the live
/// state: an event that was acknowledged and is not there, or that counts twice, shows as a
/// difference.
package struct UsageSelfCheck: Sendable {
    /// An integration whose counts differ.
    package struct Difference: Sendable, Equatable {
        package let integration: IntegrationID
        package let live: UInt64
        package let onDisk: UInt64
    }

    /// Blocks its thread while it reads: call it from a background thread.
    ///
    /// - Parameters:
    ///   - record: the actor's position, durable, at the moment it told its totals.
    ///   - fresh: an empty state of the same configuration.
    package static func differences(
        live: [IntegrationID: UInt64], upTo record: UInt64, fresh: UsageState, log: any EventLog
    ) throws -> [Difference] {
        var state = fresh
        var start: [ShardID: UInt64] = [:]
        if let snapshot = log.latestSnapshot() {
            start = snapshot.base.records
            try snapshot.forEachChunk { header, chunk in
                guard header.kind == SnapshotPartKind.usage.rawValue else { return }
                try state.restore(chunk: chunk, appliedRecord: header.appliedRecord)
            }
        }
        // A snapshot that is newer than the totals can't be compared with them.
        guard state.appliedRecord <= record else { return [] }
        try log.read(from: start) { section in
            guard section.shard == UsageActor.shard else { return }
            var reader = section.reader
            var ordinal = section.firstRecord
            while !reader.isAtEnd {
                let stored = try RecordBatch.next(from: &reader)
                if UsageRecord.kinds.contains(stored.kind), ordinal <= record {
                    try state.replay(stored, record: ordinal)
                }
                ordinal += 1
            }
        }
        let onDisk = state.totals
        return Set(live.keys).union(onDisk.keys).sorted().compactMap { integration in
            let (live, disk) = (live[integration, default: 0], onDisk[integration, default: 0])
            guard live != disk else { return nil }
            return Difference(integration: integration, live: live, onDisk: disk)
        }
    }
}
