import Persistence
import TestSupport
import Testing

@testable import Persistence

/// What became of every damaged directory, counted by the place of the damage.
struct CorruptionTable {
    struct Row {
        var bytes = 0
        var healed = 0
        var refused = 0
        var wrong: [String] = []

        static func += (left: inout Row, right: Row) {
            left.bytes += right.bytes
            left.healed += right.healed
            left.refused += right.refused
            left.wrong += right.wrong
        }
    }

    private(set) var rows: [String: Row] = [:]

    var openings: Int { rows.values.reduce(0) { $0 + $1.healed + $1.refused + $1.wrong.count } }
    var bytes: Int { rows.values.reduce(0) { $0 + $1.bytes } }
    var wrong: [String] { rows.values.flatMap(\.wrong) }

    mutating func add(_ row: Row, to name: String) { rows[name, default: Row()] += row }

    mutating func merge(_ other: CorruptionTable) {
        for (name, row) in other.rows { add(row, to: name) }
    }

    /// The table as Markdown.
    var markdown: String {
        var lines = [
            "| file, region | bytes | damaged copies opened | healed | refused | wrong state |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        var total = Row()
        for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
            lines.append(Self.line(name, row))
            total += row
        }
        lines.append(Self.line("**all**", total))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ name: String, _ row: Row) -> String {
        let opened = row.healed + row.refused + row.wrong.count
        return "| \(name) | \(row.bytes) | \(opened) | \(row.healed) | \(row.refused) "
            + "| \(row.wrong.count) |"
    }
}

/// Damages one byte at a time and opens what is left as a server does.
struct Corruptor {
    let history: CorruptionHistory
    let name: String
    /// Every byte is damaged when it is 1; in room never written every `stride * roomStride`-th.
    let stride: Int

    private static let roomStride = 61
    /// So many healed directories are also written to and opened once more.
    private static let continuedStride = 41

    /// Three single bits, all bits, zero and ones: each differs from what is there.
    private static func damages(of byte: UInt8, at place: Int) -> Set<UInt8> {
        let bits = [place % 8, (place + 3) % 8, (place + 6) % 8].map { byte ^ (1 << UInt8($0)) }
        return Set(bits + [~byte, 0, 0xff]).subtracting([byte])
    }

    func run() async throws -> CorruptionTable {
        var table = CorruptionTable()
        for (file, bytes) in history.disk.contents(of: Fixture.path).sorted(by: { $0.key < $1.key })
        where file != FileName.lock {
            for region in CorruptionRegion.all(of: file, bytes) {
                let step = stride * (region.isRoom ? Self.roomStride : 1)
                // Short regions have to be in the short form as well.
                let first =
                    region.range.lowerBound + (table.openings % min(step, region.range.count))
                for place in Swift.stride(from: first, to: region.range.upperBound, by: step) {
                    try await table.add(damage(file, bytes, at: place), to: region.name)
                }
            }
        }
        return table
    }

    private func damage(
        _ file: String, _ bytes: [UInt8], at place: Int
    ) async throws -> CorruptionTable.Row {
        var row = CorruptionTable.Row(bytes: 1)
        for damaged in Self.damages(of: bytes[place], at: place).sorted() {
            let copy = history.disk.copy()
            var content = bytes
            content[place] = damaged
            copy.replace(Fixture.file(file), with: content)
            let what = "\(name): \(file), byte \(place) from \(bytes[place]) to \(damaged)"
            do {
                let isContinued = (row.healed + place) % Self.continuedStride == 0
                if let complaint = try await open(copy, isContinued: isContinued) {
                    row.wrong.append("\(what): \(complaint)")
                } else {
                    row.healed += 1
                }
            } catch is StorageError {
                row.refused += 1
                let after = copy.contents(of: Fixture.path)
                var expected = history.disk.contents(of: Fixture.path)
                expected[file] = content
                if after.withoutLock != expected.withoutLock {
                    row.wrong.append("\(what): it was refused and changed")
                }
            }
        }
        return row
    }

    /// - Returns: what is wrong; nil when the state is right.
    /// - Throws: `StorageError` when it is refused.
    private func open(_ disk: FaultyFileSystem, isContinued: Bool) async throws -> String? {
        let log = try Fixture.open(in: disk)
        let found: CorruptionHistory.State
        do {
            found = try CorruptionHistory.state(of: log)
        } catch {
            await log.shutDown()
            return "it was opened and can't be read: \(error)"
        }
        guard history.isRight(found) else {
            await log.shutDown()
            return "another state, with \(log.notices)"
        }
        guard isContinued else {
            await log.shutDown()
            return nil
        }
        // What was healed takes another record, and is whole ever after.
        _ = try await log.putWhenReady(TestRecord("after"), shard: 3)
        await log.shutDown()
        let again = try Fixture.open(in: disk)
        var expected = found
        expected[3, default: []].append(Array("after".utf8))
        let continued = try CorruptionHistory.state(of: again)
        await again.shutDown()
        return continued == expected ? nil : "what came after it is another state"
    }
}
