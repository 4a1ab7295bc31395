package import Persistence

/// A use as the log keeps it. For a reported one the key of the report is in the same record, so
/// that no crash can keep one and lose the other.
package struct UsageRecord: LogRecord, Hashable {
    package let facts: UsageFacts
    package let report: Report?
    /// What the window of duplicates counts from.
    package let arrivedAt: Timestamp

    package struct Report: Hashable, Sendable {
        package let key: ReportKey
        package let content: UInt64

        package init(key: ReportKey, content: UInt64) {
            self.key = key
            self.content = content
        }
    }

    /// Numbers on disk; never reused.
    package static let kinds: ClosedRange<UInt16> = 200...219
    private static let eventKind: UInt16 = 200

    package var kind: UInt16 { Self.eventKind }
    package var version: UInt8 { 1 }

    package init(facts: UsageFacts, report: Report?, arrivedAt: Timestamp) {
        self.facts = facts
        self.report = report
        self.arrivedAt = arrivedAt
    }

    package func encode(into writer: inout ByteWriter) {
        writer.write(facts)
        writer.writeOptional(report) { writer, report in
            writer.write(report.key.high)
            writer.write(report.key.low)
            writer.write(report.content)
        }
        writer.write(arrivedAt)
    }

    package init(
        kind: UInt16, version: UInt8, from reader: inout ByteReader
    ) throws(DecodingFault) {
        guard kind == Self.eventKind, version == 1 else {
            throw .unknownKind(kind, version: version)
        }
        facts = try reader.readUsageFacts()
        report = try reader.readOptional { reader throws(DecodingFault) in
            let high = try reader.read(UInt64.self)
            let low = try reader.read(UInt64.self)
            return Report(
                key: ReportKey(high: high, low: low), content: try reader.read(UInt64.self))
        }
        arrivedAt = try reader.readTimestamp()
    }
}

extension ByteWriter {
    mutating func write(_ facts: UsageFacts) {
        write(facts.integration.text)
        write(facts.operation)
        write(facts.source.rawValue)
        write(facts.status.rawValue)
        write(facts.at)
        writeOptional(facts.httpStatus) { $0.write($1) }
        writeOptional(facts.errorCode) { $0.write($1) }
        writeOptional(facts.latencyMilliseconds) { $0.write($1) }
        writeOptional(facts.upstreamMilliseconds) { $0.write($1) }
        writeOptional(facts.bytesIn) { $0.write($1) }
        writeOptional(facts.bytesOut) { $0.write($1) }
        writeOptional(facts.units) { writer, units in
            writer.writeArray(units) { writer, unit in
                writer.write(unit.name)
                writer.write(unit.amount)
            }
        }
        write(facts.trace)
        writeOptional(facts.providerRequestID) { $0.write($1) }
        writeOptional(facts.reporter) { $0.write($1) }
        writeOptional(facts.eventID) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readUsageFacts() throws(DecodingFault) -> UsageFacts {
        let integration = IntegrationID(try readString())
        let operation = try readString()
        let sourceByte = try read(UInt8.self)
        guard let source = UsageSource(rawValue: sourceByte) else {
            throw .invalidValue("usage source \(sourceByte)")
        }
        let statusByte = try read(UInt8.self)
        guard let status = UsageStatus(rawValue: statusByte) else {
            throw .invalidValue("usage status \(statusByte)")
        }
        var facts = UsageFacts(
            integration: integration, operation: operation, source: source, status: status,
            at: try readTimestamp(), trace: TraceID(high: 0, low: 1))
        facts.httpStatus = try readOptionalInteger()
        facts.errorCode = try readOptionalString()
        facts.latencyMilliseconds = try readOptionalInteger()
        facts.upstreamMilliseconds = try readOptionalInteger()
        facts.bytesIn = try readOptionalInteger()
        facts.bytesOut = try readOptionalInteger()
        facts.units = try readOptional { reader throws(DecodingFault) in
            try reader.readArray { reader throws(DecodingFault) in
                let name = try reader.readString()
                return UsageUnit(name: name, amount: try reader.read(Int64.self))
            }
        }
        facts.trace = try readTraceID()
        facts.providerRequestID = try readOptionalString()
        facts.reporter = try readOptionalString()
        facts.eventID = try readOptionalString()
        return facts
    }

    private mutating func readOptionalInteger<Value: FixedWidthInteger>() throws(DecodingFault)
        -> Value?
    {
        try readBool() ? try read(Value.self) : nil
    }
}
