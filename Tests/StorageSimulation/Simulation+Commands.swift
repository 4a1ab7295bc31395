import Persistence

/// What callers and threads of the log do.
extension Simulation {
    func command() {
        switch dice.below(100) {
        case ..<42: append()
        case ..<72: write()
        case ..<78: seal()
        case ..<86: makeSpare()
        case ..<89: if !isLong || dice.oneIn(3) { snapshot() }
        case ..<92: appendFenced()
        case ..<94: disk.capacityBytes = .max
        default: observe()
        }
    }

    /// Something else happens while a file operation is under way. Nothing is inside the same
    /// thread's work twice.
    func interrupt() {
        guard isRunning, depth < Self.depthMax, dice.oneIn(6) else { return }
        depth += 1
        switch dice.below(8) {
        case ..<3: append()
        case ..<5: write()
        case 5: makeSpare()
        default: observe()
        }
        depth -= 1
    }

    private static let depthMax = 2

    // MARK: Callers

    func append() { append(to: dice.below(shards)) }

    /// - Returns: the record that is the shard's last now; nil when the log takes no more, or the
    ///   caller's command changes nothing.
    @discardableResult
    private func append(to shard: Int) -> Int? {
        guard let log = process?.log, let batch = states.nextBatch(shard, at: millisecond) else {
            return nil
        }
        let last = states.lastRecord(shard)
        let expecting = dice.oneIn(2) ? UInt64(last) : nil
        guard batch.bytes.count <= log.appendBytesMax else { return nil }
        do throws(AppendError) {
            let position = try log.append(
                batch, to: ShardID(UInt16(shard)), expecting: expecting)
            disk.tally.count(.appended)
            note("append \(batch.count) to \(shard): now \(position.record)")
            guard Int(position.record) == last + batch.count else {
                fail("the append to shard \(shard) after \(last) is at \(position.record)")
                return nil
            }
            states.apply(to: shard)
            if dice.oneIn(3) { tellWhenDurable(shard, last + batch.count) }
            return Int(position.record)
        } catch {
            switch error {
            case .fenced:
                fail("an append to shard \(shard) was fenced: its last record is not \(last)")
            case .full: disk.tally.count(.appendFull)
            case .overloaded: disk.tally.count(.appendOverloaded)
            }
            return nil
        }
    }

    private func appendFenced() {
        guard let log = process?.log else { return }
        let shard = dice.below(shards)
        let wrong = UInt64(states.lastRecord(shard) + 1 + dice.below(3))
        guard let batch = states.nextBatch(shard, at: millisecond) else { return }
        do throws(AppendError) {
            _ = try log.append(batch, to: ShardID(UInt16(shard)), expecting: wrong)
            fail("an append to shard \(shard) that expected \(wrong) was accepted")
        } catch {
            if error == .fenced { disk.tally.count(.appendFenced) }
        }
    }

    /// Appends and has it on the disk, with no fault left that could be in the way.
    func appendSurely(_ shard: Int) {
        var record: Int?
        for _ in 0..<Self.attemptsMax where record == nil && isRunning {
            record = append(to: shard)
            if record == nil { makeSpare() }
            while isRunning, write() {}
        }
        guard isRunning, let record else {
            return fail("shard \(shard) takes no append on a disk without faults")
        }
        guard process?.log.isDurable(position(shard, record)) == true else {
            return fail("record \(record) of shard \(shard) does not become durable")
        }
        tell(shard, record)
    }

    private static let attemptsMax = 4

    private func tellWhenDurable(_ shard: Int, _ record: Int) {
        guard let log = process?.log else { return }
        log.whenDurable(position(shard, record)) { [self] in
            note("told that \(record) of \(shard) is durable")
            guard !disk.isOver else {
                return fail("\(record) of shard \(shard) was told durable after a failure")
            }
            tell(shard, record)
        }
    }

    func observe() {
        guard let log = process?.log else { return }
        let shard = dice.below(shards)
        let last = states.lastRecord(shard)
        guard last > 0 else { return }
        let record = dice.oneIn(2) ? last : 1 + dice.below(last)
        if log.isDurable(position(shard, record)) { tell(shard, record) }
    }

    private func tell(_ shard: Int, _ record: Int) {
        disk.tally.count(.toldDurable)
        told[shard] = max(told[shard], record)
    }

    func position(_ shard: Int, _ record: Int) -> LogPosition {
        LogPosition(shard: ShardID(UInt16(shard)), record: UInt64(record))
    }

    // MARK: The log's threads

    /// False when there was nothing to write.
    @discardableResult
    func write() -> Bool {
        guard let process, !process.isWriting else { return false }
        return perform { () throws(StorageError) in try process.steps.write() } == .wrote
    }

    private func seal() {
        guard let process, !process.isWriting, process.steps.owesSeal else { return }
        // The writer only loses its patience when there is nothing to write.
        guard !write(), isRunning else { return }
        _ = perform { () throws(StorageError) in
            try process.steps.seal()
            return .wrote
        }
    }

    private func perform(
        _ step: () throws(StorageError) -> LogSteps.Outcome
    ) -> LogSteps.Outcome? {
        guard let process else { return nil }
        let steps = process.steps
        let (segment, offset) = (steps.newestSegment, Int(steps.writeOffset))
        process.isWriting = true
        defer { process.isWriting = false }
        millisecond += UInt64(dice.below(40))
        do throws(StorageError) {
            let outcome = try step()
            guard outcome == .wrote else { return outcome }
            let newest = steps.newestSegment
            let start = newest == segment ? offset : FrameFact.segmentStart
            let isMark = Int(steps.writeOffset) - start == FrameFact.markBytes
            disk.tally.count(isMark ? .sealWritten : .batchWritten)
            if newest != segment { disk.tally.count(.segmentBegun) }
            frames.append(FrameFact(segment: newest, range: start..<Int(steps.writeOffset)))
            if steps.owesSeal == isMark { fail("the newest frame's seal is owed, or not") }
            if steps.writeOffset > segmentBytes { fail("a frame goes beyond its segment") }
            return outcome
        } catch {
            note("the disk ends the process: \(error)")
            if error.isNoSpace { fail("the writer met a full disk: its room was not prepared") }
            disk.tally.count(.processEndedByDisk)
            disk.endProcess()
            return nil
        }
    }

    func makeSpare() {
        guard let process, !process.isMakingSpare, process.steps.wantsSpare else { return }
        process.isMakingSpare = true
        let isMade = process.steps.makeSpare()
        process.isMakingSpare = false
        note(isMade ? "a spare is ready" : "no spare can be made")
        disk.tally.count(isMade ? .spareMade : .spareRefused)
    }

    func closeCleanly() {
        guard let process else { return }
        note("close")
        _ = process.log.beginClosing()
        while isRunning {
            let outcome = perform { () throws(StorageError) in try process.steps.write() }
            guard outcome == .wrote else { break }
        }
        guard isRunning else { return }
        if process.steps.owesSeal { fail("a clean end has no mark") }
        process.directory.close()
        disk.tally.count(.closedCleanly)
        for shard in 0..<shards { tell(shard, states.lastRecord(shard)) }
        disk.endProcess()
    }

    // MARK: Snapshots

    func snapshot() {
        guard let process, depth == 0 else { return }
        let base = process.log.snapshotBase()
        note("snapshot at frame \(base.frame)")
        var parts: [SnapshotPart] = []
        let isInPieces = dice.oneIn(4)
        for shard in 0..<shards {
            for copy in 0..<states.copiesPerShard {
                // Callers go on between the copies, and are ahead of the disk.
                interrupt()
                guard self.process != nil else { return }
                parts += states.snapshotParts(copy, of: shard, isInPieces: isInPieces)
            }
        }
        let before = disk.snapshotCount
        do throws(StorageError) {
            try process.log.putSnapshot(parts, base: base) { shard, record in
                waitUntilDurable(Int(shard.rawValue), Int(record))
            }
            disk.tally.count(.snapshotWritten)
            checkSnapshot(at: base.frame)
            if disk.snapshotCount <= before { disk.tally.count(.snapshotTrimmedLog) }
        } catch {
            note("no snapshot: \(error)")
            disk.tally.count(.snapshotFailed)
        }
    }

    private func waitUntilDurable(_ shard: Int, _ record: Int) {
        while isRunning, process?.log.isDurable(position(shard, record)) == false {
            guard write() else {
                if isRunning { fail("record \(record) of shard \(shard) is in nobody's queue") }
                return
            }
        }
    }
}
