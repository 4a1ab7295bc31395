import Actors
import Persistence

/// A record of the log as the domain that it belongs to understands it. No key is needed: what is
/// secret stays sealed inside.
enum DecodedRecord {
    case account(AccountEvent)
    case installation(InstallationEvent)
    case usage(UsageRecord)
    case alerts(AlertsEvent)
    /// Of a newer version, which says itself that it may be skipped.
    case ignorable(kind: UInt16)

    init(_ stored: StoredRecord) throws(DecodingFault) {
        var reader = stored.reader
        let (kind, version) = (stored.kind, stored.version)
        switch kind {
        case AccountEvent.kinds:
            self = .account(try AccountEvent(kind: kind, version: version, from: &reader))
        case InstallationEvent.kinds:
            self = .installation(try InstallationEvent(kind: kind, version: version, from: &reader))
        case UsageRecord.kinds:
            self = .usage(try UsageRecord(kind: kind, version: version, from: &reader))
        case AlertsEvent.kinds:
            self = .alerts(try AlertsEvent(kind: kind, version: version, from: &reader))
        default:
            guard stored.isIgnorable else { throw .unknownKind(kind, version: version) }
            self = .ignorable(kind: kind)
            return
        }
        guard reader.isAtEnd else { throw .invalidValue("bytes after a record of kind \(kind)") }
    }

    /// Calls `body` with every record of a section and its ordinal.
    static func forEach(
        in section: LoggedSection, _ body: (DecodedRecord, StoredRecord, UInt64) throws -> Void
    ) throws {
        var reader = section.reader
        var record = section.firstRecord
        while !reader.isAtEnd {
            let stored = try RecordBatch.next(from: &reader)
            try body(try DecodedRecord(stored), stored, record)
            record += 1
        }
        guard record - section.firstRecord == UInt64(section.recordCount) else {
            throw DecodingFault.invalidValue("a section without all of its records")
        }
    }
}

/// What reads a snapshot's chunks to see whether they can be read.
enum SnapshotChunk {
    static func check(_ header: SnapshotPartHeader, _ chunk: [UInt8]) throws {
        guard let kind = SnapshotPartKind(rawValue: header.kind) else {
            throw DecodingFault.unknownKind(header.kind, version: 0)
        }
        let applied = header.appliedRecord
        switch kind {
        case .accountMarks, .users, .sessions, .sessionsLastSeen, .passwordThrottle:
            var accounts = RecoveredAccounts()
            try accounts.restore(kind, chunk: chunk, appliedRecord: applied)
        case .installation:
            var installation = InstallationState()
            try installation.restore(chunk: chunk, appliedRecord: applied)
        case .tokensLastUsed:
            var reader = ByteReader(chunk)
            while !reader.isAtEnd {
                let _: ServiceTokenID = try reader.readIdentifier()
                _ = try reader.readTimestamp()
            }
        case .usage:
            var usage = UsageState(
                integrations: [], ringEvents: UsageRing.capacityMin,
                dedupKeysMax: UsageRing.capacityMin)
            try usage.restore(chunk: chunk, appliedRecord: applied)
        case .rateLimits:
            try RateLimiters.check(chunk: chunk)
        case .alerts:
            var alerts = AlertsState()
            try alerts.restore(chunk: chunk, appliedRecord: applied)
        }
    }
}

extension Verification.Decoder {
    /// Reads everything that this version of the program knows.
    static var everything: Verification.Decoder {
        Verification.Decoder(
            section: { try DecodedRecord.forEach(in: $0) { _, _, _ in } },
            chunk: { try SnapshotChunk.check($0, $1) })
    }
}
