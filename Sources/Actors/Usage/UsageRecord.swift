package import Persistence

/// A fact about the use of integrations, as the log keeps it.
package enum UsageRecord: LogRecord, Hashable {
    /// A use that is over. For a reported one the key of the report is in the same record, so that
    /// no crash can keep one and lose the other.
    case event(UsageFacts, report: Report?, arrivedAt: Timestamp)
    /// A call has begun: a row with the status `pending`, named by this record's ordinal.
    case attempt(UsageFacts)
    /// How the call of that row ended; its row says so from now on.
    case outcome(row: UInt64, UsageEnding)
    /// The server runs with other credentials than before: what was known of the old ones says
    /// nothing about these.
    case credentialsChanged(IntegrationID, CredentialFingerprint)
    /// The provider called us and proved who it is: evidence that no call of ours has to bring.
    case callback(IntegrationID, at: Timestamp, trace: TraceID)

    package struct Report: Hashable, Sendable {
        package let key: ReportKey
        package let content: UInt64

        package init(key: ReportKey, content: UInt64) {
            self.key = key
            self.content = content
        }
    }

    package init(facts: UsageFacts, report: Report?, arrivedAt: Timestamp) {
        self = .event(facts, report: report, arrivedAt: arrivedAt)
    }

    /// Numbers on disk; never reused. 200–219 belong to usage.
    private enum Kind: UInt16 {
        case event = 200
        case attempt = 201
        case outcome = 202
        case credentialsChanged = 203
        case callback = 204
    }

    package static let kinds: ClosedRange<UInt16> = 200...219

    package var version: UInt8 { 1 }

    package var kind: UInt16 {
        let kind: Kind =
            switch self {
            case .event: .event
            case .attempt: .attempt
            case .outcome: .outcome
            case .credentialsChanged: .credentialsChanged
            case .callback: .callback
            }
        return kind.rawValue
    }

    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .event(let facts, let report, let arrivedAt):
            writer.write(facts)
            // `writeOptional`, without a generic function of another module.
            writer.write(report != nil)
            if let report {
                writer.write(report.key.high)
                writer.write(report.key.low)
                writer.write(report.content)
            }
            writer.write(arrivedAt)
        case .attempt(let facts):
            writer.write(facts)
        case .outcome(let row, let ending):
            writer.write(row)
            writer.write(ending)
        case .credentialsChanged(let integration, let fingerprint):
            writer.write(integration.text)
            writer.write(fingerprint.value)
        case .callback(let integration, let at, let trace):
            writer.write(integration.text)
            writer.write(at)
            writer.write(trace)
        }
    }

    package init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        guard version == 1, let known = Kind(rawValue: kind) else {
            throw .unknownKind(kind, version: version)
        }
        switch known {
        case .event:
            let facts = try reader.readUsageFacts()
            let report = try reader.optional { reader throws(DecodingFault) in
                let high = try reader.read(UInt64.self)
                let low = try reader.read(UInt64.self)
                return Report(
                    key: ReportKey(high: high, low: low), content: try reader.read(UInt64.self))
            }
            self = .event(facts, report: report, arrivedAt: try reader.readTimestamp())
        case .attempt:
            self = .attempt(try reader.readUsageFacts())
        case .outcome:
            let row = try reader.read(UInt64.self)
            self = .outcome(row: row, try reader.readUsageEnding())
        case .credentialsChanged:
            let integration = IntegrationID(try reader.readString())
            self = .credentialsChanged(
                integration, CredentialFingerprint(value: try reader.read(UInt64.self)))
        case .callback:
            let integration = IntegrationID(try reader.readString())
            let at = try reader.readTimestamp()
            self = .callback(integration, at: at, trace: try reader.readTraceID())
        }
    }
}

/// Tells one set of credentials from another without saying anything about either: a keyed hash.
package struct CredentialFingerprint: Hashable, Sendable {
    package let value: UInt64
    package init(value: UInt64) { self.value = value }
}
