import Actors
import Persistence
import TestSupport
import Testing

/// The bytes of an alert's record are frozen: a log of any release must read the same for ever.
@Suite struct AlertsRecordTests {
    private static let samples: [(name: String, event: AlertsEvent)] = [
        ("attempted, least", .attempted(AlertsSamples.attempt())),
        (
            "attempted, test with key",
            .attempted(
                AlertsSamples.attempt(to: 2, .test(AlertsSamples.ada), key: 3))
        ),
        ("answered, sent", .answered(attempt: 9, AlertsSamples.queued(0xfe))),
        (
            "answered, failed",
            .answered(
                attempt: .max, AlertsSamples.failed("opted_out", .optedOut))
        ),
        (
            "answered, least",
            .answered(
                attempt: 1, SMSAnswer(at: Timestamp(milliseconds: -1), status: .ambiguous))
        ),
        ("reported, least", .reported(AlertsSamples.report(1, .sent))),
        (
            "reported, everything",
            .reported(
                AlertsSamples.report(2, .undelivered, token: 4, errorCode: "30003"))
        ),
    ]

    @Test("the bytes of each record are those of the golden file")
    func frozen() throws {
        let lines = Self.samples.map { name, event in
            "\(event.kind) v\(event.version) \(name): \(Hex.encode(bytes(event)))"
        }
        try Golden.check("alerts-records-v1.txt", lines.joined(separator: "\n") + "\n")
    }

    @Test("each record reads back as itself, with every status and effect")
    func roundTrip() throws {
        var events = Self.samples.map(\.event)
        for status in SMSStatus.allCases {
            for effect in SMSAnswer.Effect.allCases {
                events.append(
                    .answered(
                        attempt: 1,
                        SMSAnswer(at: AlertsSamples.now, status: status, effect: effect)))
            }
            events.append(.reported(AlertsSamples.report(1, status)))
        }
        for event in events {
            var reader = ByteReader(bytes(event))
            #expect(try AlertsEvent(kind: event.kind, version: 1, from: &reader) == event)
            #expect(reader.isAtEnd)
        }
    }

    @Test("a record that is cut off anywhere, or of another release, is refused")
    func refused() {
        for (name, event) in Self.samples {
            let whole = bytes(event)
            for length in 0..<whole.count {
                #expect(throws: DecodingFault.self, "\(name), \(length) bytes") {
                    var reader = ByteReader(Array(whole[..<length]))
                    _ = try AlertsEvent(kind: event.kind, version: 1, from: &reader)
                }
            }
            #expect(throws: DecodingFault.unknownKind(event.kind, version: 2)) {
                var reader = ByteReader(whole)
                _ = try AlertsEvent(kind: event.kind, version: 2, from: &reader)
            }
            #expect(throws: DecodingFault.unknownKind(239, version: 1)) {
                var reader = ByteReader(whole)
                _ = try AlertsEvent(kind: 239, version: 1, from: &reader)
            }
        }
    }

    private func bytes(_ event: AlertsEvent) -> [UInt8] {
        var writer = ByteWriter()
        event.encode(into: &writer)
        return writer.bytes
    }
}
