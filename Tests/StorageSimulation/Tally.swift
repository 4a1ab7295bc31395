/// How often each fault was injected and each outcome met: what shows that a simulation reaches
/// what it claims to test.
package struct Tally: Sendable {
    package enum Fault: Int, CaseIterable, Sendable {
        case powerLoss, processKilled, powerLossDuringRecovery
        case sectorDropped, sectorTorn, nameChangeLost, staleName, sizeWithoutContent
        case rotInLog, rotInManifest, rotInSnapshot, rotElsewhere, rotInUnsyncedBytes
        case misdirectedWrite, garbledSnapshotWrite
        case syncFailed, writeFailed, nameFailed, directorySyncFailed
        case diskFull, shortWrite
    }

    package enum Outcome: Int, CaseIterable, Sendable {
        case recovered, tornWriteKept, fellBackToOlderSnapshot, startedFromSnapshot
        case refusedAsItMust, refusedAsItMay, healedAsItMay, lostWhatNobodyCanTell
        case startedAfterRepair, recoveredTwice, interruptedStartRepeated, startRefusedForSpace
        case processEndedByDisk, closedCleanly
        case batchWritten, sealWritten, segmentBegun, spareMade, spareRefused
        case snapshotWritten, snapshotFailed, snapshotTrimmedLog
        case appended, appendFenced, appendFull, appendOverloaded, toldDurable
    }

    private var faults = [Int](repeating: 0, count: Fault.allCases.count)
    private var outcomes = [Int](repeating: 0, count: Outcome.allCases.count)

    package init() {}

    package mutating func count(_ fault: Fault) { faults[fault.rawValue] += 1 }
    package mutating func count(_ outcome: Outcome) { outcomes[outcome.rawValue] += 1 }

    package subscript(fault: Fault) -> Int { faults[fault.rawValue] }
    package subscript(outcome: Outcome) -> Int { outcomes[outcome.rawValue] }

    package mutating func add(_ other: Tally) {
        for index in faults.indices { faults[index] += other.faults[index] }
        for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
    }
}
