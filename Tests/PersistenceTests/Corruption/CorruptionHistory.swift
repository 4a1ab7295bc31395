import Persistence
import TestSupport
import Testing

@testable import Persistence

/// A small data directory with everything in it that one can have, and what its state is.
///
/// The state is kept as the domain keeps its own: a snapshot's parts, and the records after them.
/// So a recovery that takes the older snapshot and more of the log has to come to the same state.
struct CorruptionHistory {
    typealias State = [UInt16: [[UInt8]]]

    let disk: FaultyFileSystem
    /// What was acknowledged.
    let state: State
    /// What the log's end may also show: a batch that was on its way when the power went.
    let unacknowledged: State?

    /// What recovery may answer. Anything else is a wrong state.
    func isRight(_ found: State) -> Bool { found == state || found == unacknowledged }

    private static let largeBytes = 19_000

    /// Two snapshots, a log that lost its beginning to them, and a clean mark at the end.
    static func trimmed() async throws -> CorruptionHistory {
        var writer = try Writer(sealMilliseconds: Fixture.neverMilliseconds)
        // The first segment is filled, and goes with the second snapshot.
        for _ in 0..<3 { try await writer.put(large(), shard: 0) }
        try await writer.putSmall()
        try writer.putSnapshot()
        try await writer.putSmall()
        for _ in 0..<3 { try await writer.put(large(), shard: 1) }
        try await writer.putSmall()
        try writer.putSnapshot()
        try await writer.putSmall()
        await writer.log.shutDown()
        return CorruptionHistory(
            disk: writer.disk.copy(), state: writer.state, unacknowledged: nil)
    }

    /// One segment, two snapshots, and a seal at the end: killed a moment after its newest batch.
    static func sealed() async throws -> CorruptionHistory {
        var writer = try Writer(sealMilliseconds: 1)
        for _ in 0..<2 {
            try await writer.putSmall()
            try writer.putSnapshot()
        }
        try await writer.putSmall()
        await writer.disk.wait { $0.hasSeal(Fixture.segment(1)) }
        let disk = writer.disk.copy()
        await writer.log.shutDown()
        return CorruptionHistory(disk: disk, state: writer.state, unacknowledged: nil)
    }

    /// One segment, no snapshot, no mark after the newest batch: killed right after it.
    static func unsealed() async throws -> CorruptionHistory {
        var writer = try Writer(sealMilliseconds: Fixture.neverMilliseconds)
        try await writer.putSmall()
        let disk = writer.disk.copy()
        await writer.log.shutDown()
        return CorruptionHistory(disk: disk, state: writer.state, unacknowledged: nil)
    }

    /// The power went while a batch of several sectors was written: `sectors` of it are there.
    static func torn(keeping sectors: Set<Int>) async throws -> CorruptionHistory {
        var writer = try Writer(sealMilliseconds: 1)
        try await writer.putSmall()
        await writer.disk.wait { $0.hasSeal(Fixture.segment(1)) }
        let before = writer.disk.copy()
        let acknowledged = writer.state
        try await writer.put([UInt8](repeating: 0x33, count: 1700), shard: 2)
        let name = FileName.segment(firstFrame: 1).text
        let whole = try #require(writer.disk.contents(of: Fixture.path)[name])
        let unacknowledged = writer.state
        await writer.log.shutDown()
        var bytes = try #require(before.contents(of: Fixture.path)[name])
        let frame = try #require(frames(in: whole).last { $0.kind == .batch }).range
        let first = frame.lowerBound / TornTail.sectorBytes
        for sector in sectors {
            let start = (first + sector) * TornTail.sectorBytes
            let place = (start..<start + TornTail.sectorBytes).clamped(to: frame)
            bytes.replaceSubrange(place, with: whole[place])
        }
        before.replace(Fixture.file(name), with: bytes)
        return CorruptionHistory(
            disk: before, state: acknowledged, unacknowledged: unacknowledged)
    }

    /// Long, and short when compressed; no byte is zero.
    private static func large() -> [UInt8] {
        (0..<largeBytes).map { UInt8(truncatingIfNeeded: $0 % 251) | 1 }
    }

    /// What a log and its newest snapshot say.
    static func state(of log: FileLog) throws -> State {
        var state: State = [:]
        var applied: [ShardID: UInt64] = [:]
        try log.latestSnapshot()?.forEachChunk { header, chunk in
            var reader = ByteReader(chunk)
            state[header.shard.rawValue] = try reader.readArray {
                reader throws(DecodingFault) in try reader.readBytes()
            }
            applied[header.shard] = header.appliedRecord
        }
        for (shard, records) in try log.records(after: applied) {
            state[shard, default: []] += records.map(\.bytes)
        }
        return state
    }

    private struct Writer {
        let disk = FaultyFileSystem()
        let log: FileLog
        var state: State = [:]

        init(sealMilliseconds: Int) throws {
            log = try Fixture.open(in: disk, sealMilliseconds: sealMilliseconds)
        }

        mutating func put(_ bytes: [UInt8], shard: UInt16) async throws {
            _ = try await log.putWhenReady(TestRecord(bytes), shard: shard)
            state[shard, default: []].append(bytes)
        }

        /// Records of several shapes: none, few and many bytes, within and across sectors.
        mutating func putSmall() async throws {
            for (number, size) in [3, 90, 0, 700, 1, 512].enumerated() {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 + number) | 1 }
                try await put(bytes, shard: UInt16(number % 3))
            }
        }

        func putSnapshot() throws {
            let base = log.snapshotBase()
            let parts = state.sorted { $0.key < $1.key }.map { shard, records in
                var writer = ByteWriter()
                writer.writeArray(records) { $0.write($1) }
                return SnapshotPart.of(writer.bytes, shard: shard, at: base)
            }
            try log.putSnapshot(parts, base: base)
        }
    }
}
