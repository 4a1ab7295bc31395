import Actors
import Persistence

@testable import Actors

/// The records of the log. What a checksum has passed may still be of another version, or of a bug.
enum FuzzRecords {
    static func records(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return }
        let kind = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        let version = bytes[2]
        let body = Array(bytes.dropFirst(4))
        switch bytes[3] % 4 {
        case 0: check(AccountEvent.self, kind, version, body)
        case 1: check(UsageRecord.self, kind, version, body)
        case 2: check(AlertsEvent.self, kind, version, body)
        default: check(InstallationEvent.self, kind, version, body)
        }
    }

    /// What can be read is written in one way only, and reads as the same.
    private static func check<Record: LogRecord>(
        _: Record.Type, _ kind: UInt16, _ version: UInt8, _ body: [UInt8]
    ) {
        var reader = ByteReader(body)
        guard let record = try? Record(kind: kind, version: version, from: &reader) else { return }
        var first = ByteWriter()
        record.encode(into: &first)
        var again = ByteReader(first.bytes)
        guard
            let second = try? Record(
                kind: record.kind, version: record.version, from: &again)
        else { fatalError("broken promise: what was read can be written and read again") }
        require(again.isAtEnd, "nothing is left over")
        var writer = ByteWriter()
        second.encode(into: &writer)
        require(writer.bytes == first.bytes, "it is written in one way only")
    }
}
