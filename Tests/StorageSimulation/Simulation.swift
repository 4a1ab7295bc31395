import Persistence

/// One seed: several lives of one data directory, with everything that can befall it, and what must
/// be in it every time.
///
/// The code under test is the server's own: only the threads are replaced by steps, and the disk by
/// one in memory. Unchecked Sendable is sound: a simulation is one thread.
package final class Simulation: @unchecked Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    let dice: Dice
    let disk: SimulatedDisk
    let shards: Int
    let segmentBytes: Int
    /// Some directories grow old: many segments, and snapshots that trim several of them at once.
    let isLong: Bool
    private(set) var trace: Trace?

    let states: any ShardStates
    /// How many records of each shard somebody was told of.
    var told: [Int]
    /// The frames that were synced.
    var frames: [FrameFact] = []
    /// Bytes known to be wrong, and what they were.
    var damage: [SimulatedDisk.Damage] = []
    /// A start has begun to cut off what nobody can tell from an unfinished write, and did not come
    /// to its end.
    var isCutting = false
    /// What was cut off can't be put back, and something else is wrong: the directory is lost.
    var isGivenUp = false
    /// The first broken promise.
    private(set) var failure: Failure?

    /// The process that runs; nil between two.
    var process: Process?
    var millisecond: UInt64 = 1_700_000_000_000
    /// How deep one command has interrupted another.
    var depth = 0

    /// What a running server has in memory.
    final class Process {
        let directory: DataDirectory
        let steps: LogSteps
        var isWriting = false
        var isMakingSpare = false
        let log: FileLog

        init(_ directory: DataDirectory, _ steps: LogSteps) {
            self.directory = directory
            self.steps = steps
            log = steps.log
        }
    }

    /// Whose states the log keeps.
    package enum Kind: String, CaseIterable, Sendable {
        /// Counters and a hash: quick, and as good for finding what a log loses.
        case model
        /// The server's own accounts and usage, changed by commands through their own rules.
        case domain
    }

    package static func run(
        seed: UInt64, of kind: Kind = .model, tally: inout Tally
    ) -> Failure? {
        let simulation = Simulation(seed: seed, kind, trace: nil)
        swap(&simulation.disk.tally, &tally)
        simulation.run()
        swap(&simulation.disk.tally, &tally)
        return simulation.failure
    }

    /// The same once more, with every step put down.
    package static func trace(seed: UInt64, of kind: Kind = .model) -> [String] {
        let trace = Trace()
        let simulation = Simulation(seed: seed, kind, trace: trace)
        simulation.run()
        trace.note(simulation.failure.map { "FAILED: \($0)" } ?? "nothing is wrong")
        return trace.lines
    }

    private init(seed: UInt64, _ kind: Kind, trace: Trace?) {
        dice = Dice(seed: seed)
        disk = SimulatedDisk(dice)
        disk.trace = trace
        self.trace = trace
        shards = 1 + dice.below(Self.shardsMax)
        segmentBytes = Self.segmentBytesMin + dice.below(4) * 1024
        isLong = dice.oneIn(Self.longOneIn)
        states =
            switch kind {
            case .model: ModelStates(shards: shards, dice)
            case .domain: DomainStates(shards: shards, dice)
            }
        told = Array(repeating: 0, count: shards)
    }

    static let shardsMax = 3
    /// A header and room for a handful of frames: most seeds then switch segments.
    static let segmentBytesMin = 4096 + 2048
    private static let livesMax = 3
    private static let commandsMax = 24
    private static let commandsOfLongMax = 300
    private static let longOneIn = 64
    /// Of the last lives, so many serve and end cleanly. It is as long as a whole life.
    private static let servingOneIn = 8

    private func run() {
        for _ in 0..<1 + dice.below(Self.livesMax) where failure == nil && !isGivenUp {
            live()
            die()
        }
        guard failure == nil, !isGivenUp else { return }
        lastLife()
    }

    func fail(_ description: String) {
        guard failure == nil else { return }
        note("FAILED: \(description)")
        failure = Failure(description: description)
        disk.endProcess()
    }

    @inline(__always) func note(_ line: @autoclosure () -> String) {
        if let trace { trace.note(line()) }
    }

    // MARK: Lives

    private func live() {
        planFaults()
        guard start() else { return }
        let commands = dice.below(isLong ? Self.commandsOfLongMax : Self.commandsMax)
        for _ in 0..<commands where isRunning { command() }
        if isRunning, dice.oneIn(4) { closeCleanly() }
    }

    /// Nothing goes wrong any more: what is there must serve.
    private func lastLife() {
        disk.capacityBytes = .max
        guard start() else {
            if failure == nil, !isGivenUp { fail("a start without any fault did not succeed") }
            return
        }
        guard dice.oneIn(Self.servingOneIn) else { return }
        for shard in 0..<shards { appendSurely(shard) }
        closeCleanly()
        process = nil
        disk.endProcess()
        damage += disk.losePower()
        disk.startProcess()
        if failure == nil, !start() { fail("the start after a clean end did not succeed") }
    }

    var isRunning: Bool { failure == nil && process != nil && !disk.isOver }

    private func planFaults() {
        var plan = SimulatedDisk.Plan()
        plan.hasShortWrites = dice.oneIn(8)
        if dice.below(8) < 5 {
            // Early ones fall into recovery, late ones into a switch of segments or a snapshot.
            plan.endAfter = dice.below(dice.oneIn(3) ? 16 : isLong ? 500 : 90)
            plan.isLastCarriedOut = dice.oneIn(2)
        }
        switch dice.below(24) {
        case 0: plan.failSyncAfter = dice.below(40)
        case 1: plan.failWriteAfter = dice.below(40)
        case 2: plan.failNameAfter = dice.below(16)
        case 3: plan.failDirectorySyncAfter = dice.below(8)
        case 4, 5: plan.misdirectAfter = dice.below(12)
        case 6, 7: plan.garbleSnapshotAfter = 0
        case 8, 9: disk.capacityBytes = disk.usedBytes + dice.below(3 * segmentBytes)
        default: disk.capacityBytes = .max
        }
        disk.plan = plan
    }

    /// The process has ended, or ends now; the power goes with it or stays.
    private func die() {
        note("the process ends")
        process = nil
        disk.endProcess()
        disk.beforeOperation = nil
        if dice.below(8) < 5 {
            note("the power goes")
            disk.tally.count(.powerLoss)
            damage += disk.losePower()
        } else {
            disk.tally.count(.processKilled)
        }
        disk.startProcess()
        if dice.oneIn(5) { rot() }
        damage = damage.filter { disk.isStill($0) }
    }
}
