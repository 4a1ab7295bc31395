import Actors
import Persistence
import TestSupport
import Testing

/// The bytes of a usage record are frozen: a log of any release must read the same for ever.
@Suite struct UsageRecordTests {
    private static let samples: [(name: String, record: UsageRecord)] = [
        (
            "reported, least",
            UsageRecord(
                facts: UsageFacts(
                    integration: IntegrationID("fred"), operation: "GET /series", source: .reported,
                    status: .ok, at: Timestamp(milliseconds: 1_795_500_000_250),
                    trace: TraceID(high: 1, low: 2)),
                report: UsageRecord.Report(key: ReportKey(high: 3, low: 4), content: 5),
                arrivedAt: Timestamp(milliseconds: 1_795_500_000_999))
        ),
        (
            "observed, everything",
            UsageRecord(
                facts: UsageFacts(
                    integration: IntegrationID("openai"), operation: "POST /v1/responses",
                    source: .observed, status: .abortedUpstream,
                    at: Timestamp(milliseconds: 1_795_500_000_250), httpStatus: 502,
                    errorCode: "upstream_reset", latencyMilliseconds: 70_000,
                    upstreamMilliseconds: 69_000, bytesIn: 300, bytesOut: 5_000_000_000,
                    units: [
                        UsageUnit(name: "input_tokens", amount: 12),
                        UsageUnit(name: "cost_delta", amount: -3),
                    ],
                    trace: TraceID(high: .max, low: 0x8000_0000_0000_0001),
                    providerRequestID: "req_ü", reporter: "job", eventID: "e/1"),
                report: nil, arrivedAt: Timestamp(milliseconds: -1))
        ),
        (
            "attempt",
            .attempt(
                UsageFacts(
                    integration: IntegrationID("alpaca"), operation: "POST /v2/orders",
                    source: .observed, status: .pending,
                    at: Timestamp(milliseconds: 1_795_500_000_250), trace: TraceID(high: 5, low: 6))
            )
        ),
        (
            "outcome, least",
            .outcome(row: 7, UsageEnding(.interrupted, endedAt: Timestamp(seconds: 9)))
        ),
        ("outcome, everything", .outcome(row: 0x0102_0304_0506_0708, wholeEnding)),
        (
            "credentials changed",
            .credentialsChanged(
                IntegrationID("openai"), CredentialFingerprint(value: 0x1122_3344_5566_7788))
        ),
        (
            "callback",
            .callback(
                IntegrationID("twilio"), at: Timestamp(milliseconds: 1_795_500_000_250),
                trace: TraceID(high: 8, low: 9))
        ),
    ]

    private static var wholeEnding: UsageEnding {
        var ending = UsageEnding(.ambiguous, endedAt: Timestamp(milliseconds: 1_795_500_001_250))
        ending.httpStatus = 500
        ending.errorCode = "provider_down"
        ending.latencyMilliseconds = 1000
        ending.upstreamMilliseconds = 990
        ending.bytesIn = 12
        ending.bytesOut = 345
        ending.units = [UsageUnit(name: "output_tokens", amount: 3)]
        ending.providerRequestID = "req_1"
        return ending
    }

    @Test("the bytes of each record are those of the golden file")
    func frozen() throws {
        let lines = Self.samples.map { name, record in
            "\(record.kind) v\(record.version) \(name): \(Hex.encode(bytes(record)))"
        }
        try Golden.check("usage-records-v1.txt", lines.joined(separator: "\n") + "\n")
    }

    @Test("each record reads back as itself, with every source and status")
    func roundTrip() throws {
        var records = Self.samples.map(\.record)
        for source in UsageSource.allCases {
            for status in UsageStatus.allCases {
                records.append(
                    UsageRecord(
                        facts: UsageSamples.facts(source: source, status: status), report: nil,
                        arrivedAt: UsageSamples.now))
            }
        }
        for record in records {
            var reader = ByteReader(bytes(record))
            #expect(try UsageRecord(kind: record.kind, version: 1, from: &reader) == record)
            #expect(reader.isAtEnd)
        }
    }

    @Test("a record that is cut off anywhere is refused")
    func truncated() {
        for (name, record) in Self.samples {
            let whole = bytes(record)
            for length in 0..<whole.count {
                #expect(throws: DecodingFault.self, "\(name), \(length) bytes") {
                    var reader = ByteReader(Array(whole[..<length]))
                    _ = try UsageRecord(kind: record.kind, version: 1, from: &reader)
                }
            }
        }
    }

    @Test("kinds, versions, sources and statuses of another release are refused")
    func unknown() {
        let whole = bytes(Self.samples[0].record)
        #expect(throws: DecodingFault.unknownKind(219, version: 1)) {
            var reader = ByteReader(whole)
            _ = try UsageRecord(kind: 219, version: 1, from: &reader)
        }
        #expect(throws: DecodingFault.unknownKind(200, version: 2)) {
            var reader = ByteReader(whole)
            _ = try UsageRecord(kind: 200, version: 2, from: &reader)
        }
        // "fred" and "GET /series", each after its length, precede the source and the status.
        for place in [17, 18] {
            #expect(throws: DecodingFault.self) {
                var changed = whole
                changed[place] = 99
                var reader = ByteReader(changed)
                _ = try UsageRecord(kind: 200, version: 1, from: &reader)
            }
        }
    }

    private func bytes(_ record: UsageRecord) -> [UInt8] {
        var writer = ByteWriter()
        record.encode(into: &writer)
        return writer.bytes
    }
}
