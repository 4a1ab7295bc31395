import Persistence

/// A frame whose sync reported success.
struct FrameFact {
    /// The first frame of its segment.
    let segment: UInt64
    let range: Range<Int>

    var role: FileRole { .segment(firstFrame: segment) }

    static let segmentStart = 4096
    static let headerBytes = 64
    /// A seal or clean mark.
    static let markBytes = 72
}

/// What a start has to find.
extension Simulation {
    static let id = DirectoryID(high: 0x0102_0304_0506_0708, low: 0x1112_1314_1516_1718)

    /// Starts a process, as often as it takes; false when it can't be had.
    func start() -> Bool {
        for _ in 0..<Self.startsMax where failure == nil {
            let expected = expectation()
            let before = expected.mayRefuse ? disk.contents() : [:]
            do throws(StorageError) {
                try open()
                accept(expected)
                if isRunning { disk.beforeOperation = { [unowned self] in interrupt() } }
                return isRunning
            } catch {
                note("no start: \(error)")
                process = nil
                guard judge(error, expected, before) else { return false }
            }
        }
        return false
    }

    private static let startsMax = 4

    private func open() throws(StorageError) {
        note("start")
        disk.beforeOperation = nil
        let directory = try DataDirectory.open(
            SimulatedDisk.directory, in: disk, shardCount: shards, segmentBytes: segmentBytes,
            id: Self.id, clock: { [unowned self] in millisecond }, newMetadata: { [0xca, 0xfe] })
        let steps = try LogSteps(directory, segmentBytes: segmentBytes)
        process = Process(directory, steps, shards: shards)
    }

    /// The start was refused: rightly, and is it worth another attempt?
    private func judge(
        _ error: StorageError, _ expected: Expectation, _ before: [String: [UInt8]]
    ) -> Bool {
        switch error {
        case .system:
            if expected.mayLose { isCutting = true }
            if disk.isOver {
                disk.tally.count(.powerLossDuringRecovery)
                return false
            }
            if error.isNoSpace {
                disk.tally.count(.startRefusedForSpace)
                disk.capacityBytes = .max
            } else if !disk.hasFailed {
                fail("the start failed on a disk without faults: \(error)")
            }
            disk.endProcess()
            disk.startProcess()
            disk.tally.count(.interruptedStartRepeated)
            return failure == nil
        case .corrupt, .missing, .futureVersion:
            guard expected.mayRefuse else {
                fail("the start was refused without a reason: \(error)")
                return false
            }
            disk.tally.count(expected.mustRefuse ? .refusedAsItMust : .refusedAsItMay)
            guard disk.contents() == before else {
                fail("a start that was refused has changed the directory")
                return false
            }
            guard !isCutting else {
                isGivenUp = true
                return false
            }
            repair()
            return true
        case .locked:
            fail("the directory is locked by a process that has ended")
            return false
        }
    }

    /// Puts back what was there, as from a backup: the next start must succeed then.
    private func repair() {
        for damage in damage.reversed() { disk.repair(damage) }
        damage = []
        disk.endProcess()
        disk.startProcess()
        disk.tally.count(.startedAfterRepair)
    }

    /// The start has succeeded: rightly, and with everything that was promised?
    private func accept(_ expected: Expectation) {
        guard let process else { return }
        guard !expected.mustRefuse else {
            return fail("a start on damaged bytes was not refused")
        }
        let torn = process.log.notices.count { if case .tornWrite = $0 { true } else { false } }
        let unusable = process.log.notices.count - torn
        guard unusable == expected.unusableSnapshots else {
            return fail("\(unusable) snapshots are unusable, not \(expected.unusableSnapshots)")
        }
        if torn > 0 { disk.tally.count(.tornWriteKept) }
        for case .tornWrite(_, _, let path) in process.log.notices where !disk.isDurable(path) {
            return fail("the bytes of an unfinished write can be lost: \(path)")
        }
        if let left = disk.entries.first(where: \.role.isTemporary) {
            return fail("\(left.path) was left lying about")
        }
        if unusable > 0 { disk.tally.count(.fellBackToOlderSnapshot) }
        if expected.mayRefuse { disk.tally.count(.healedAsItMay) }
        guard let found = replay() else { return }
        guard compare(found, mayLose: expected.mayLose) else { return }
        process.live = found
        isCutting = false
        noteFrames()
        damage = damage.filter { disk.isStill($0) && $0.entry.role == .snapshot }
        disk.tally.count(.recovered)
        if dice.oneIn(16) { startAgain(found) }
    }

    /// Rebuilds the states as the server does: the newest snapshot, then the log after it.
    private func replay() -> [ShardState]? {
        guard let log = process?.log else { return nil }
        var states = Array(repeating: ShardState(), count: shards)
        do {
            var start: [ShardID: UInt64] = [:]
            if let snapshot = log.latestSnapshot() {
                disk.tally.count(.startedFromSnapshot)
                start = snapshot.base.records
                try snapshot.forEachChunk { header, chunk in
                    try states[Int(header.shard.rawValue)].restore(header, chunk)
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
                    guard states[shard].replay(record, number: number) else {
                        throw Failure(description: "a record before \(number) is missing")
                    }
                    number += 1
                }
                guard number == Int(section.firstRecord) + section.recordCount else {
                    throw Failure(description: "a section's count of records is wrong")
                }
            }
        } catch {
            guard !disk.isOver else { return nil }
            fail("what a start has accepted can't be replayed: \(error)")
            return nil
        }
        return states
    }

    private func compare(_ found: [ShardState], mayLose: Bool) -> Bool {
        for shard in 0..<shards {
            let state = found[shard]
            let count = state.history.applied
            guard count < model[shard].count, state == model[shard][count] else {
                fail("shard \(shard) has not the state that it had after \(count) records")
                return false
            }
            if count < told[shard] {
                guard mayLose else {
                    fail("shard \(shard) has \(count) records, but \(told[shard]) were told of")
                    return false
                }
                disk.tally.count(.lostWhatNobodyCanTell)
            }
            model[shard].removeLast(model[shard].count - count - 1)
            // What somebody has seen must not disappear later.
            told[shard] = count
        }
        return true
    }

    /// The newest frame may be one whose sync was never heard of.
    private func noteFrames() {
        guard let steps = process?.steps else { return }
        let (segment, offset) = (steps.newestSegment, Int(steps.writeOffset))
        while let last = frames.last,
            last.segment > segment || last.segment == segment && last.range.upperBound > offset
        {
            frames.removeLast()
        }
        var start = FrameFact.segmentStart
        if let last = frames.last, last.segment == segment { start = last.range.upperBound }
        if start < offset { frames.append(FrameFact(segment: segment, range: start..<offset)) }
    }

    /// A start right after a start must find the same bytes, and leave them.
    private func startAgain(_ found: [ShardState]) {
        let before = disk.contents()
        let plan = disk.plan
        process = nil
        disk.endProcess()
        disk.startProcess()
        disk.plan.hasShortWrites = plan.hasShortWrites
        do throws(StorageError) {
            try open()
        } catch {
            return fail("the second start of the same directory: \(error)")
        }
        guard disk.contents() == before else { return fail("a second start changes bytes") }
        guard let again = replay(), again == found else {
            return fail("a second start finds another state")
        }
        process?.live = again
        disk.tally.count(.recoveredTwice)
    }

    /// A snapshot that has got its name is whole on the platter.
    func checkSnapshot(at frame: UInt64) {
        guard let process, let newest = process.log.latestSnapshot() else { return }
        guard let node = disk.node(newest.path) else {
            return fail("the newest snapshot is not there")
        }
        guard !disk.garbledNodes.contains(node) else {
            return fail("a snapshot that was written wrong got its name")
        }
        guard disk.has(SimulatedDisk.firstSegment) || disk.snapshotCount > 1 else {
            return fail("the log is trimmed, and stands on a single snapshot")
        }
        guard disk.isDurable(newest.path) else { return fail("a snapshot was not synced") }
    }
}
