import Persistence

/// What the log is for: the state of every shard, and the records that change it. A simulation
/// keeps each of them three times.
///
/// The *model* is what a run has that nothing interrupts, after each record; the *live* states are
/// what a process has in memory; the *found* ones are what its start has read.
protocol ShardStates: AnyObject {
    /// The last record of the shard, appended or recovered.
    func lastRecord(_ shard: Int) -> Int

    /// What a caller appends next; nil when its command changes nothing. Nothing is applied yet.
    func nextBatch(_ shard: Int, at milliseconds: UInt64) -> RecordBatch?

    /// That batch has its place in the log: it is applied to the model and to the live state.
    func apply(to shard: Int)

    /// How many copies a snapshot makes of one shard, each in another turn.
    var copiesPerShard: Int { get }

    func snapshotParts(_ copy: Int, of shard: Int, isInPieces: Bool) -> [SnapshotPart]

    /// Builds the found states as the server does: the newest snapshot, then the log after it.
    func recover(from log: FileLog) throws

    /// The last record that was found.
    ///
    /// - Returns: nil when the shard has not the state that the model had after that record.
    func foundRecord(_ shard: Int) -> Int?

    /// A process goes on from what was found, and the model with it.
    func goOn()
}

/// States that are quick to compare and notice every lost, doubled or exchanged record.
final class ModelStates: ShardStates {
    private let dice: Dice
    private var model: [[ShardState]]
    private var live: [ShardState]
    private var found: [ShardState]
    private var pending: [CounterRecord] = []

    init(shards: Int, _ dice: Dice) {
        self.dice = dice
        model = Array(repeating: [ShardState()], count: shards)
        live = Array(repeating: ShardState(), count: shards)
        found = live
    }

    func lastRecord(_ shard: Int) -> Int { model[shard].count - 1 }

    func nextBatch(_ shard: Int, at milliseconds: UInt64) -> RecordBatch? {
        pending.removeAll(keepingCapacity: true)
        let count = dice.oneIn(3) ? 2 : 1
        for _ in 0..<count { pending.append(record()) }
        var batch = RecordBatch()
        for record in pending { batch.add(record) }
        return batch
    }

    private func record() -> CounterRecord {
        let size =
            switch dice.below(8) {
            case 0: dice.below(1400)
            case 1: dice.below(600)
            default: dice.below(90)
            }
        // Zeros are the hardest to tell from what was never written.
        let filler = dice.oneIn(6) ? 0 : UInt8(1 + dice.below(255))
        return CounterRecord(
            counter: UInt8(dice.below(8)), amount: dice.next(), fillerBytes: size, filler: filler)
    }

    func apply(to shard: Int) {
        for record in pending {
            var next = model[shard][model[shard].count - 1]
            next.apply(record)
            model[shard].append(next)
            live[shard].apply(record)
        }
    }

    var copiesPerShard: Int { ShardState.Part.allCases.count }

    func snapshotParts(_ copy: Int, of shard: Int, isInPieces: Bool) -> [SnapshotPart] {
        let part = ShardState.Part.allCases[copy]
        return [live[shard].snapshotPart(part, shard: shard, isInPieces: isInPieces)]
    }

    func recover(from log: FileLog) throws {
        for shard in found.indices { found[shard] = ShardState() }
        var start: [ShardID: UInt64] = [:]
        if let snapshot = log.latestSnapshot() {
            start = snapshot.base.records
            try snapshot.forEachChunk { header, chunk in
                try found[Int(header.shard.rawValue)].restore(header, chunk)
            }
        }
        try log.read(from: start) { section in
            let shard = Int(section.shard.rawValue)
            var reader = section.reader
            var number = Int(section.firstRecord)
            while !reader.isAtEnd {
                let stored = try RecordBatch.next(from: &reader)
                var body = stored.reader
                let record = try CounterRecord(
                    kind: stored.kind, version: stored.version, from: &body)
                guard found[shard].replay(record, number: number) else {
                    throw Simulation.Failure(description: "a record before \(number) is missing")
                }
                number += 1
            }
            guard number == Int(section.firstRecord) + section.recordCount else {
                throw Simulation.Failure(description: "a section's count of records is wrong")
            }
        }
    }

    func foundRecord(_ shard: Int) -> Int? {
        let state = found[shard]
        let last = state.history.applied
        guard last < model[shard].count, state == model[shard][last] else { return nil }
        return last
    }

    func goOn() {
        for shard in found.indices {
            let last = found[shard].history.applied
            model[shard].removeLast(model[shard].count - last - 1)
        }
        live = found
    }
}
