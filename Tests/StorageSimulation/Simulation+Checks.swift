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
    /// Not our own: with the number of its digits seeds would mean other runs.
    private static let processID: Int32 = 4711
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
            id: Self.id, clock: { [unowned self] in millisecond }, process: Self.processID,
            newMetadata: { [0xca, 0xfe] })
        let steps = try LogSteps(directory, segmentBytes: segmentBytes)
        process = Process(directory, steps)
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
        guard recover(), compare(mayLose: expected.mayLose) else { return }
        states.goOn()
        isCutting = false
        noteFrames()
        damage = damage.filter { disk.isStill($0) && $0.entry.role == .snapshot }
        disk.tally.count(.recovered)
        if dice.oneIn(16) { startAgain() }
    }

    private func recover() -> Bool {
        guard let log = process?.log else { return false }
        if log.latestSnapshot() != nil { disk.tally.count(.startedFromSnapshot) }
        do {
            try states.recover(from: log)
        } catch {
            if !disk.isOver { fail("what a start has accepted can't be replayed: \(error)") }
            return false
        }
        return true
    }

    private func compare(mayLose: Bool) -> Bool {
        for shard in 0..<shards {
            guard let record = states.foundRecord(shard) else {
                fail("shard \(shard) has not the state that it had after as many records")
                return false
            }
            if record < told[shard] {
                guard mayLose else {
                    fail("shard \(shard) has \(record) records, but \(told[shard]) were told of")
                    return false
                }
                disk.tally.count(.lostWhatNobodyCanTell)
            }
            // What somebody has seen must not disappear later.
            told[shard] = record
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
    private func startAgain() {
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
        guard recover() else { return }
        for shard in 0..<shards where states.foundRecord(shard) != states.lastRecord(shard) {
            return fail("a second start finds another state of shard \(shard)")
        }
        states.goOn()
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
