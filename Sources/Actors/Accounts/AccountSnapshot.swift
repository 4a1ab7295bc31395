package import Persistence

/// The accounts of one shard as recovery puts them together: a snapshot's chunks, then the log.
package struct RecoveredAccounts: Sendable {
    package var state = AccountState()
    package var lastSeen = BucketedDictionary<TokenDigest, Timestamp>()
    package var throttle = PasswordThrottle()

    package init() {}

    package mutating func restore(
        _ kind: SnapshotPartKind, chunk: [UInt8], appliedRecord: UInt64
    ) throws(DecodingFault) {
        var reader = ByteReader(chunk)
        while !reader.isAtEnd {
            switch kind {
            case .accountMarks:
                state.restore(
                    appliedRecord: appliedRecord, sessionsEndedAt: try reader.read(UInt64.self))
            case .users:
                state.restore(try reader.readUser())
            case .sessions:
                state.restore(try reader.readSession())
            case .sessionsLastSeen:
                let digest = try reader.readDigest()
                lastSeen[digest] = try reader.readTimestamp()
            case .passwordThrottle:
                try throttle.restoreEntry(from: &reader)
            case .installation, .tokensLastUsed, .usage, .rateLimits, .alerts:
                throw .invalidValue("part \(kind) among accounts")
            }
        }
    }

    /// Applies a record unless the snapshot has it already.
    package mutating func replay(_ stored: StoredRecord, record: UInt64) throws(DecodingFault) {
        guard record > state.appliedRecord else { return }
        var reader = stored.reader
        let event = try AccountEvent(kind: stored.kind, version: stored.version, from: &reader)
        guard reader.isAtEnd else { throw .invalidValue("bytes after record \(record)") }
        state.apply(event, record: record)
    }
}

extension AccountState {
    /// What the log says of the accounts, as parts of a snapshot, encoded later.
    package func snapshotParts(shard: ShardID) -> [SnapshotPart] {
        let sessions = userOrder.lazy.flatMap { users[$0]?.sessions ?? [] }
        let order = Array(sessions)
        return [
            ChunkSource([sessionsEndedAt]) { $0.write($1) }
                .part(kind: .accountMarks, shard: shard, appliedRecord: appliedRecord),
            ChunkSource(userOrder) { writer, id in
                if let user = users[id] { writer.write(user) }
            }.part(kind: .users, shard: shard, appliedRecord: appliedRecord),
            ChunkSource(order) { writer, digest in
                if let session = self.sessions[digest] { writer.write(session) }
            }.part(kind: .sessions, shard: shard, appliedRecord: appliedRecord),
        ]
    }
}

extension AccountActor {
    /// Copies the state, in this turn, and encodes it later.
    package func snapshotParts() -> [SnapshotPart] {
        let state = state
        let applied = state.appliedRecord
        return state.snapshotParts(shard: shard) + [
            ChunkSource(Array(lastSeen.entries)) { writer, entry in
                writer.write(entry.key)
                writer.write(entry.value)
            }.part(kind: .sessionsLastSeen, shard: shard, appliedRecord: applied),
            ChunkSource(throttle.encodedEntries()) { $0.writeRaw($1) }
                .part(kind: .passwordThrottle, shard: shard, appliedRecord: applied),
        ]
    }
}
