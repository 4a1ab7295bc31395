import Persistence

extension ByteWriter {
    mutating func write(_ facts: UsageFacts) {
        write(facts.integration.text)
        write(facts.operation)
        write(facts.source.rawValue)
        write(facts.status.rawValue)
        write(facts.at)
        optional(facts.httpStatus) { $0.write($1) }
        optional(facts.errorCode) { $0.write($1) }
        optional(facts.latencyMilliseconds) { $0.write($1) }
        optional(facts.upstreamMilliseconds) { $0.write($1) }
        optional(facts.bytesIn) { $0.write($1) }
        optional(facts.bytesOut) { $0.write($1) }
        write(facts.units)
        write(facts.trace)
        optional(facts.providerRequestID) { $0.write($1) }
        optional(facts.reporter) { $0.write($1) }
        optional(facts.eventID) { $0.write($1) }
    }
}

extension ByteWriter {
    /// `writeOptional` of this file's own: a generic function of another module is not specialised,
    /// and an event has eight of these.
    fileprivate mutating func optional<Value>(
        _ value: Value?, _ write: (inout ByteWriter, Value) -> Void
    ) {
        self.write(value != nil)
        if let value { write(&self, value) }
    }

    fileprivate mutating func write(_ units: [UsageUnit]?) {
        optional(units) { writer, units in
            writer.writeArray(units) { writer, unit in
                writer.write(unit.name)
                writer.write(unit.amount)
            }
        }
    }

    mutating func write(_ ending: UsageEnding) {
        write(ending.status.rawValue)
        write(ending.endedAt)
        optional(ending.httpStatus) { $0.write($1) }
        optional(ending.errorCode) { $0.write($1) }
        optional(ending.latencyMilliseconds) { $0.write($1) }
        optional(ending.upstreamMilliseconds) { $0.write($1) }
        optional(ending.bytesIn) { $0.write($1) }
        optional(ending.bytesOut) { $0.write($1) }
        write(ending.units)
        optional(ending.providerRequestID) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readUsageEnding() throws(DecodingFault) -> UsageEnding {
        let status = try readUsageStatus()
        var ending = UsageEnding(status, endedAt: try readTimestamp())
        ending.httpStatus = try optionalUInt16()
        ending.errorCode = try readOptionalString()
        ending.latencyMilliseconds = try optionalUInt32()
        ending.upstreamMilliseconds = try optionalUInt32()
        ending.bytesIn = try optionalUInt64()
        ending.bytesOut = try optionalUInt64()
        ending.units = try readUnits()
        ending.providerRequestID = try readOptionalString()
        return ending
    }

    private mutating func readUsageStatus() throws(DecodingFault) -> UsageStatus {
        let byte = try read(UInt8.self)
        guard let status = UsageStatus(rawValue: byte) else {
            throw .invalidValue("usage status \(byte)")
        }
        return status
    }

    private mutating func readUnits() throws(DecodingFault) -> [UsageUnit]? {
        try optional { reader throws(DecodingFault) in
            try reader.array { reader throws(DecodingFault) in
                let name = try reader.readString()
                return UsageUnit(name: name, amount: try reader.read(Int64.self))
            }
        }
    }

    mutating func readUsageFacts() throws(DecodingFault) -> UsageFacts {
        let integration = IntegrationID(try readString())
        let operation = try readString()
        let sourceByte = try read(UInt8.self)
        guard let source = UsageSource(rawValue: sourceByte) else {
            throw .invalidValue("usage source \(sourceByte)")
        }
        let status = try readUsageStatus()
        var facts = UsageFacts(
            integration: integration, operation: operation, source: source, status: status,
            at: try readTimestamp(), trace: TraceID(high: 0, low: 1))
        facts.httpStatus = try optionalUInt16()
        facts.errorCode = try readOptionalString()
        facts.latencyMilliseconds = try optionalUInt32()
        facts.upstreamMilliseconds = try optionalUInt32()
        facts.bytesIn = try optionalUInt64()
        facts.bytesOut = try optionalUInt64()
        facts.units = try readUnits()
        facts.trace = try readTraceID()
        facts.providerRequestID = try readOptionalString()
        facts.reporter = try readOptionalString()
        facts.eventID = try readOptionalString()
        return facts
    }

    private mutating func optionalUInt16() throws(DecodingFault) -> UInt16? {
        try readBool() ? try read(UInt16.self) : nil
    }

    private mutating func optionalUInt32() throws(DecodingFault) -> UInt32? {
        try readBool() ? try read(UInt32.self) : nil
    }

    private mutating func optionalUInt64() throws(DecodingFault) -> UInt64? {
        try readBool() ? try read(UInt64.self) : nil
    }
}
