import Actors
import Crypto
import Persistence

/// The members of one report while it is read, and the rules that make it one.
struct ReportFields {
    private var source: String?
    private var id: String?
    private var integration: String?
    private var operation: String?
    private var status: String?
    private var at: Timestamp?
    private var latency: Int64?
    private var httpStatus: Int64?
    private var errorCode: String?
    private var units: [UsageUnit]?
    private var trace: String?
    /// One bit a member.
    private var seen: UInt16 = 0
    /// The first thing that was wrong; the rest of the object is read over.
    private var fault: ReportFault?

    /// Of `source` and `id`.
    static let nameBytes = 1...256
    static let operationCharacters = 1...256
    private static let errorCodeBytes = 1...64
    private static let unitsMax = 16
    private static let unitNameBytes = 1...64
    private static let httpStatuses: ClosedRange<Int64> = 100...599

    /// Takes the member's value, whatever it is.
    mutating func read(_ name: String, from scanner: inout JSONScanner) throws(JSONFault) {
        guard let member = Member(name) else {
            note("There is no member \(Self.shown(name)).")
            _ = try scanner.value()
            return
        }
        if seen & member.bit != 0 { note("\(Self.shown(name)) is there twice.") }
        seen |= member.bit
        if member == .units, scanner.peek() == UInt8(ascii: "{") {
            return try readUnits(from: &scanner)
        }
        let value = try scanner.value()
        if value == .null { return }
        switch member {
        case .source: source = string(value, name)
        case .id: id = string(value, name)
        case .integration: integration = string(value, name)
        case .operation: operation = string(value, name)
        case .status: status = string(value, name)
        case .errorCode: errorCode = string(value, name)
        case .trace: trace = string(value, name)
        case .latency: latency = number(value, name)
        case .httpStatus: httpStatus = number(value, name)
        case .units: note("units has to be an object of whole numbers.")
        case .at:
            guard let text = string(value, name) else { return }
            at = Timestamp(rfc3339: text.utf8)
            if at == nil { note("at has to be a time as in RFC 3339: 2026-01-31T12:00:00Z.") }
        }
    }

    private mutating func readUnits(from scanner: inout JSONScanner) throws(JSONFault) {
        var units: [UsageUnit] = []
        var isValid = true
        try scanner.object { scanner, name throws(JSONFault) in
            guard case .integer(let amount) = try scanner.value(), amount >= 0,
                Self.unitNameBytes.contains(name.utf8.count), name.utf8.allSatisfy(Self.isWord),
                !units.contains(where: { $0.name == name })
            else {
                isValid = false
                return
            }
            units.append(UsageUnit(name: name, amount: amount))
        }
        guard isValid, units.count <= Self.unitsMax else {
            return note(
                "units has to be an object of at most \(Self.unitsMax) whole numbers, not "
                    + "negative, with names of lower-case letters, digits and underscores.")
        }
        // Nothing said is unknown, not zero. Sorted, so that the order of members means nothing.
        self.units = units.isEmpty ? nil : units.sorted { $0.name < $1.name }
    }

    private mutating func string(_ value: JSONScanner.Value, _ name: String) -> String? {
        if case .string(let text) = value { return text }
        note("\(name) has to be a string.")
        return nil
    }

    /// Milliseconds may come with a fraction; they are rounded.
    private mutating func number(_ value: JSONScanner.Value, _ name: String) -> Int64? {
        switch value {
        case .integer(let number): return number
        case .number(let number) where abs(number) < 1e15: return Int64(number.rounded())
        default:
            note("\(name) has to be a number.")
            return nil
        }
    }

    private mutating func note(_ message: String) {
        if fault == nil { fault = .invalid(message) }
    }

    // MARK: The report

    func report(_ parser: UsageReportParser) throws(ReportFault) -> UsageReport {
        if let fault { throw fault }
        let source = try Self.required(self.source, "source", Self.nameBytes, "bytes", \.utf8.count)
        let id = try Self.required(self.id, "id", Self.nameBytes, "bytes", \.utf8.count)
        let operation = try Self.required(
            self.operation, "operation", Self.operationCharacters, "characters", \.count)
        // Controls are single bytes in UTF-8, and no part of a longer character looks like one.
        guard operation.utf8.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: "?") }) else {
            throw .invalid("operation has to be a method and a route, without a query.")
        }
        guard let status = UsageStatus.reportable[self.status ?? ""] else {
            throw .invalid("status has to be one of \(UsageStatus.reportableNames).")
        }
        guard let integration = self.integration.map({ IntegrationID($0) }) else {
            throw .invalid("integration is missing.")
        }
        guard parser.integrations.contains(integration) else {
            throw ReportFault(.integrationUnknown, "There is no integration of that name.")
        }
        var facts = UsageFacts(
            integration: integration, operation: operation, source: .reported, status: status,
            at: at ?? parser.now, trace: try traceID() ?? parser.trace)
        facts.latencyMilliseconds = try latencyMilliseconds()
        facts.httpStatus = try statusCode()
        facts.errorCode = try code()
        facts.units = units
        facts.reporter = source
        facts.eventID = id
        return UsageReport(
            facts: facts, key: Self.key(source, id), content: content(facts))
    }

    private static func required(
        _ text: String?, _ name: String, _ range: ClosedRange<Int>, _ unit: String,
        _ count: KeyPath<String, Int>
    ) throws(ReportFault) -> String {
        guard let text else { throw .invalid("\(name) is missing.") }
        // No measure is longer than the bytes, and none of a text with bytes is zero: counting
        // characters is left for texts that may be too long.
        guard range.contains(text.utf8.count) || range.contains(text[keyPath: count]) else {
            throw .invalid("\(name) has to have \(range.lowerBound)–\(range.upperBound) \(unit).")
        }
        return text
    }

    private func traceID() throws(ReportFault) -> TraceID? {
        guard let trace else { return nil }
        guard let id = TraceID(trace) else {
            throw .invalid("trace_id has to be 32 lower-case hexadecimal digits, not all zero.")
        }
        return id
    }

    private func latencyMilliseconds() throws(ReportFault) -> UInt32? {
        guard let latency else { return nil }
        guard let value = UInt32(exactly: latency) else {
            throw .invalid("latency_ms has to be between 0 and \(UInt32.max).")
        }
        return value
    }

    private func statusCode() throws(ReportFault) -> UInt16? {
        guard let httpStatus else { return nil }
        guard Self.httpStatuses.contains(httpStatus) else {
            throw .invalid("http_status has to be between 100 and 599.")
        }
        return UInt16(httpStatus)
    }

    private func code() throws(ReportFault) -> String? {
        guard let errorCode else { return nil }
        guard Self.errorCodeBytes.contains(errorCode.utf8.count),
            errorCode.utf8.allSatisfy(Self.isWord)
        else {
            throw .invalid(
                "error_code has to have 1–64 lower-case letters, digits and underscores.")
        }
        return errorCode
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// Names come from outside, and may be long.
    private static func shown(_ name: String) -> String { "\"\(name.prefix(32))\"" }

    // MARK: Identity

    static func key(_ source: String, _ id: String) -> ReportKey {
        var writer = ByteWriter(capacity: 4 + source.utf8.count + id.utf8.count)
        writer.write(UInt32(source.utf8.count))
        writer.writeRaw(source.utf8)
        writer.writeRaw(id.utf8)
        let (high, low) = Self.digest(writer.bytes)
        return ReportKey(high: high, low: low)
    }

    /// What was sent, whatever the order: what we fill in ourselves, the time and the trace id, is
    /// absent, so that the same report sent twice is the same.
    private func content(_ facts: UsageFacts) -> UInt64 {
        var writer = ByteWriter(capacity: 256)
        writer.write(facts.integration.text)
        writer.write(facts.operation)
        writer.write(facts.status.rawValue)
        // Each is a presence byte and the value, as `writeOptional` has them, which is not
        // specialised here.
        writer.write(at != nil)
        if let at { writer.write(at) }
        writer.write(facts.latencyMilliseconds != nil)
        if let latency = facts.latencyMilliseconds { writer.write(latency) }
        writer.write(facts.httpStatus != nil)
        if let status = facts.httpStatus { writer.write(status) }
        writer.write(facts.errorCode != nil)
        if let code = facts.errorCode { writer.write(code) }
        writer.write(units != nil)
        if let units {
            writer.writeVarint(UInt64(units.count))
            for unit in units {
                writer.write(unit.name)
                writer.write(unit.amount)
            }
        }
        writer.write(trace != nil)
        if let trace { writer.write(trace) }
        return Self.digest(writer.bytes).high
    }

    /// The first 128 bits of SHA-256.
    private static func digest(_ bytes: [UInt8]) -> (high: UInt64, low: UInt64) {
        // Safe: a digest is 32 bytes, and `loadUnaligned` checks its bounds.
        unsafe SHA256.hash(data: bytes).withUnsafeBytes { bytes in
            let high = unsafe bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
            let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            return (UInt64(bigEndian: high), UInt64(bigEndian: low))
        }
    }
}

extension ReportFields {
    private enum Member: UInt16 {
        case source, id, integration, operation, status, at, latency, httpStatus, errorCode, units
        case trace

        /// A switch over short literals costs less than a look-up by hash.
        init?(_ name: String) {
            switch name {
            case "source": self = .source
            case "id": self = .id
            case "integration": self = .integration
            case "operation": self = .operation
            case "status": self = .status
            case "at": self = .at
            case "latency_ms": self = .latency
            case "http_status": self = .httpStatus
            case "error_code": self = .errorCode
            case "units": self = .units
            case "trace_id": self = .trace
            default: return nil
            }
        }

        var bit: UInt16 { 1 << rawValue }
    }
}

extension UsageStatus {
    /// What a caller may report: everything but what is still under way.
    fileprivate static let reportable: [String: UsageStatus] = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .pending }.map { ($0.text, $0) })

    fileprivate static let reportableNames =
        allCases.filter { $0 != .pending }.map(\.text).joined(separator: ", ")
}
