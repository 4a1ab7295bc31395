import Actors
import Persistence
import TestSupport
import Testing

/// The bytes of every fact are frozen: a log written by any release must read the same for ever.
@Suite struct RecordFormatTests {
    @Test("the bytes of each account and installation fact are those of the golden file")
    func frozen() throws {
        var lines: [String] = []
        for (name, event) in EventSamples.accounts { lines.append(line(name, event)) }
        for (name, event) in EventSamples.installation { lines.append(line(name, event)) }
        try Golden.check("records-v1.txt", lines.joined(separator: "\n") + "\n")
    }

    @Test("there is a sample of every kind")
    func complete() {
        let accounts = Set(EventSamples.accounts.map(\.event.kind))
        for kind in AccountEvent.kinds {
            var reader = ByteReader([])
            let isKnown: Bool
            do {
                _ = try AccountEvent(kind: kind, version: 1, from: &reader)
                isKnown = true
            } catch {
                if case .unknownKind = error { isKnown = false } else { isKnown = true }
            }
            #expect(accounts.contains(kind) == isKnown, "kind \(kind)")
        }
    }

    @Test("each sample reads back as itself")
    func roundTrip() throws {
        for (name, event) in EventSamples.accounts {
            #expect(try reread(event) == event, "\(name)")
        }
        for (name, event) in EventSamples.installation {
            #expect(try reread(event) == event, "\(name)")
        }
    }

    private func reread<Record: LogRecord>(_ record: Record) throws -> Record {
        var writer = ByteWriter()
        record.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        let reread = try Record(kind: record.kind, version: record.version, from: &reader)
        #expect(reader.isAtEnd)
        return reread
    }

    private func line(_ name: String, _ record: some LogRecord) -> String {
        var writer = ByteWriter()
        record.encode(into: &writer)
        return "\(record.kind) v\(record.version) \(name): \(Hex.encode(writer.bytes))"
    }
}
