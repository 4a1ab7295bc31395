import Persistence
import TestSupport
import Testing

@testable import Persistence

/// One directory's life over several power losses, with what must be in it.
struct CrashHistory {
    private let seed: UInt64
    private let random: SeededRandom
    private var disk = FaultyFileSystem()
    /// All records by shard, durable or not: the number that is each record's content.
    private var appended: [[UInt64]]
    /// How many of them somebody was told of.
    private var acknowledged: [Int]
    private var nextNumber: UInt64 = 0

    private static let shards = 3
    private static let livesMax = 6
    private static let stepsMax = 60

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        appended = Array(repeating: [], count: Self.shards)
        acknowledged = Array(repeating: 0, count: Self.shards)
    }

    mutating func run() async throws {
        for _ in 0..<2 + random.below(Self.livesMax - 1) {
            // Early ones fall into recovery, late ones into a switch of segments or a snapshot.
            let operations = random.below(random.below(2) == 0 ? 30 : 200)
            disk.cutPower(afterOperations: operations, isCarriedOut: random.below(2) == 0)
            try await live()
            disk = disk.powerLoss(random: random)
        }
        let log = try open { [seed] in Issue.record("seed \(seed): fatal: \($0)") }
        try check(log)
        let position = try await log.putWhenReady(record(0))
        guard position.record == UInt64(appended[0].count) else {
            throw Failure(description: "the append after recovery is at \(position.record)")
        }
        await log.shutDown()
    }

    /// From a start to the loss of power.
    private mutating func live() async throws {
        let death = Signal()
        guard let log = try start(death) else { return }
        for _ in 0..<random.below(Self.stepsMax) where !disk.isDead { await step(log, death) }
        // A stop in good order is the rarer end.
        if random.below(4) > 0 {
            disk.cutPower(afterOperations: random.below(4), isCarriedOut: random.below(2) == 0)
        }
        await log.shutDown()
        for shard in 0..<Self.shards {
            acknowledged[shard] = durableCount(log, shard, atLeast: acknowledged[shard])
        }
    }

    /// Nil when the power went before the start was through.
    private mutating func start(_ death: Signal) throws -> FileLog? {
        do {
            let log = try open { _ in death.fire() }
            try check(log)
            return log
        } catch {
            guard disk.isDead else { throw error }
            return nil
        }
    }

    private mutating func step(_ log: FileLog, _ death: Signal) async {
        let shard = random.below(Self.shards)
        if random.below(12) == 0 {
            snapshot(log)
            return
        }
        let batch = (0...random.below(3)).map { _ in record(shard) }
        guard let position = try? log.append(batch, to: ShardID(UInt16(shard))) else {
            appended[shard].removeLast(batch.count)
            // Room is being prepared, or never will be again.
            try? await Task.sleep(for: .microseconds(200))
            return
        }
        guard random.below(3) == 0 else { return }
        let done = Signal()
        death.whenFired { done.fire() }
        // Never ends when the power goes first.
        Task {
            await log.durable(through: position)
            done.fire()
        }
        await done.wait()
    }

    /// A new record of the shard: its number, and now and then enough to fill a segment soon.
    private mutating func record(_ shard: Int) -> TestRecord {
        nextNumber += 1
        appended[shard].append(nextNumber)
        var writer = ByteWriter()
        writer.write(nextNumber)
        let size = random.below(4) == 0 ? random.below(18_000) : random.below(300)
        writer.writeRaw([UInt8](repeating: UInt8(truncatingIfNeeded: nextNumber), count: size))
        return TestRecord(writer.bytes)
    }

    // MARK: Snapshots and what must be there

    private func open(
        onFatal: @escaping @Sendable (StorageError) -> Void
    ) throws(StorageError) -> FileLog {
        try Fixture.open(
            in: disk, shardCount: Self.shards, sealMilliseconds: 2, onFatal: onFatal)
    }

    /// The numbers of every shard up to the last that is durable now; so nothing is waited for.
    private func snapshot(_ log: FileLog) {
        let base = log.snapshotBase()
        let parts = (0..<Self.shards).map { shard -> SnapshotPart in
            let applied = durableCount(log, shard, atLeast: acknowledged[shard])
            var writer = ByteWriter()
            for number in appended[shard].prefix(applied) { writer.write(number) }
            return SnapshotPart.of(
                [writer.bytes], shard: UInt16(shard), appliedRecord: UInt64(applied))
        }
        // Only a lack of power makes it fail, and the next start shows what is left.
        try? log.putSnapshot(parts, base: base)
    }

    private func durableCount(_ log: FileLog, _ shard: Int, atLeast known: Int) -> Int {
        let id = ShardID(UInt16(shard))
        var count = known
        while count < appended[shard].count,
            log.isDurable(LogPosition(shard: id, record: UInt64(count) + 1))
        {
            count += 1
        }
        return count
    }

    /// Compares what a start has found with what was appended, and goes on from there.
    private mutating func check(_ log: FileLog) throws {
        var found = Array(repeating: [UInt64](), count: Self.shards)
        var applied: [ShardID: UInt64] = [:]
        try log.latestSnapshot()?.forEachChunk { part, chunk in
            applied[part.shard] = part.appliedRecord
            var reader = ByteReader(chunk)
            while !reader.isAtEnd {
                found[Int(part.shard.rawValue)].append(try reader.read(UInt64.self))
            }
        }
        for (shard, records) in try log.records(after: applied) {
            for record in records {
                var reader = ByteReader(record.bytes)
                found[Int(shard)].append(try reader.read(UInt64.self))
            }
        }
        for shard in 0..<Self.shards {
            guard found[shard].count >= acknowledged[shard],
                found[shard] == Array(appended[shard].prefix(found[shard].count))
            else {
                throw Failure(
                    description: "shard \(shard) has \(found[shard]) of \(appended[shard]), "
                        + "\(acknowledged[shard]) of them acknowledged")
            }
            // What somebody has seen must not disappear later.
            appended[shard] = found[shard]
            acknowledged[shard] = found[shard].count
        }
    }
}
