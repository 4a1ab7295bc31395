import Persistence

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
        write(facts.units)
        write(facts.trace)
        writeOptional(facts.providerRequestID) { $0.write($1) }
        writeOptional(facts.reporter) { $0.write($1) }
        writeOptional(facts.eventID) { $0.write($1) }
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ units: [UsageUnit]?) {
        writeOptional(units) { writer, units in
            writer.writeArray(units) { writer, unit in
                writer.write(unit.name)
                writer.write(unit.amount)
            }
        }
    }

    mutating func write(_ ending: UsageEnding) {
        write(ending.status.rawValue)
        write(ending.endedAt)
        writeOptional(ending.httpStatus) { $0.write($1) }
        writeOptional(ending.errorCode) { $0.write($1) }
        writeOptional(ending.latencyMilliseconds) { $0.write($1) }
        writeOptional(ending.upstreamMilliseconds) { $0.write($1) }
        writeOptional(ending.bytesIn) { $0.write($1) }
        writeOptional(ending.bytesOut) { $0.write($1) }
        write(ending.units)
        writeOptional(ending.providerRequestID) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readUsageEnding() throws(DecodingFault) -> UsageEnding {
        let status = try readUsageStatus()
        var ending = UsageEnding(status, endedAt: try readTimestamp())
        ending.httpStatus = try readOptionalInteger()
        ending.errorCode = try readOptionalString()
        ending.latencyMilliseconds = try readOptionalInteger()
        ending.upstreamMilliseconds = try readOptionalInteger()
        ending.bytesIn = try readOptionalInteger()
        ending.bytesOut = try readOptionalInteger()
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
        try readOptional { reader throws(DecodingFault) in
            try reader.readArray { reader throws(DecodingFault) in
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
        facts.httpStatus = try readOptionalInteger()
        facts.errorCode = try readOptionalString()
        facts.latencyMilliseconds = try readOptionalInteger()
        facts.upstreamMilliseconds = try readOptionalInteger()
        facts.bytesIn = try readOptionalInteger()
        facts.bytesOut = try readOptionalInteger()
        facts.units = try readUnits()
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
