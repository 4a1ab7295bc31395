package import Persistence

/// The state of everything, as the newest snapshot and the log after it say it is. Recovery is
/// plain function calls on plain structs; the actors are made from the result.
package struct RecoveredState: Sendable {
    package internal(set) var accounts: [RecoveredAccounts]
    package internal(set) var installation = InstallationState()
    package internal(set) var tokensLastUsed: [ServiceTokenID: Timestamp] = [:]
    package internal(set) var usage: UsageState
    package internal(set) var alerts = AlertsState()
    /// By shard.
    package internal(set) var rateLimitChunks: [[[UInt8]]]
    package private(set) var recordsReplayed = 0
    /// The state of usage before anything has happened.
    private let noUsage: UsageState

    /// Where that is which there is once.
    package static let commonShard = ShardID(0)

    package init(shardCount: Int, usage: UsageState) {
        accounts = Array(repeating: RecoveredAccounts(), count: shardCount)
        rateLimitChunks = Array(repeating: [], count: shardCount)
        self.usage = usage
        noUsage = usage
    }

    /// Forgets everything about a shard. What concerns the whole installation lives in shard 0.
    package mutating func reset(_ shard: ShardID) {
        accounts[Int(shard.rawValue)] = RecoveredAccounts()
        rateLimitChunks[Int(shard.rawValue)] = []
        guard shard == Self.commonShard else { return }
        installation = InstallationState()
        tokensLastUsed = [:]
        usage = noUsage
        alerts = AlertsState()
    }

    /// - Throws: `StorageError.corrupt` when what passed its checksums cannot be understood, for
    ///   then a newer version wrote it, or a bug did. Nothing on the disk is touched.
    package static func recover(
        from log: any EventLog, usage: UsageState
    ) throws -> RecoveredState {
        try recover(
            shardCount: log.shardCount, snapshot: log.latestSnapshot(), usage: usage,
            read: log.read)
    }

    /// - Parameter read: calls its closure with the sections after the given records.
    package static func recover(
        shardCount: Int, snapshot: SnapshotFile?, usage: UsageState,
        read: ([ShardID: UInt64], (LoggedSection) throws -> Void) throws -> Void
    ) throws -> RecoveredState {
        var state = RecoveredState(shardCount: shardCount, usage: usage)
        var start: [ShardID: UInt64] = [:]
        if let snapshot {
            start = snapshot.base.records
            try snapshot.forEachChunk { header, chunk in try state.restore(header, chunk) }
        }
        try read(start) { section in try state.replay(section) }
        return state
    }

    package mutating func restore(_ header: SnapshotPartHeader, _ chunk: [UInt8]) throws {
        guard let kind = SnapshotPartKind(rawValue: header.kind) else {
            throw DecodingFault.unknownKind(header.kind, version: 0)
        }
        switch kind {
        case .accountMarks, .users, .sessions, .sessionsLastSeen, .passwordThrottle:
            let shard = Int(header.shard.rawValue)
            guard accounts.indices.contains(shard) else {
                throw DecodingFault.invalidValue("shard \(shard) of \(accounts.count)")
            }
            try accounts[shard].restore(kind, chunk: chunk, appliedRecord: header.appliedRecord)
        case .installation:
            try installation.restore(chunk: chunk, appliedRecord: header.appliedRecord)
        case .tokensLastUsed:
            var reader = ByteReader(chunk)
            while !reader.isAtEnd {
                let id: ServiceTokenID = try reader.readIdentifier()
                tokensLastUsed[id] = try reader.readTimestamp()
            }
        case .usage:
            try usage.restore(chunk: chunk, appliedRecord: header.appliedRecord)
        case .rateLimits:
            guard rateLimitChunks.indices.contains(Int(header.shard.rawValue)) else {
                throw DecodingFault.invalidValue("shard \(header.shard) of \(accounts.count)")
            }
            rateLimitChunks[Int(header.shard.rawValue)].append(chunk)
        case .alerts:
            try alerts.restore(chunk: chunk, appliedRecord: header.appliedRecord)
        }
    }

    package mutating func replay(_ section: LoggedSection) throws {
        var reader = section.reader
        var record = section.firstRecord
        while !reader.isAtEnd {
            let stored = try RecordBatch.next(from: &reader)
            switch stored.kind {
            case AccountEvent.kinds:
                let shard = Int(section.shard.rawValue)
                guard accounts.indices.contains(shard) else {
                    throw DecodingFault.invalidValue("shard \(shard) of \(accounts.count)")
                }
                try accounts[shard].replay(stored, record: record)
            case InstallationEvent.kinds:
                try installation.replay(stored, record: record)
            case UsageRecord.kinds:
                try usage.replay(stored, record: record)
            case AlertsEvent.kinds:
                try alerts.replay(stored, record: record)
            default:
                // Kinds of a newer version: an ignorable one says so itself.
                if !stored.isIgnorable {
                    throw DecodingFault.unknownKind(stored.kind, version: stored.version)
                }
            }
            record += 1
            recordsReplayed += 1
        }
    }
}
