/// How often each fault was injected and each outcome met.
package struct ReplicaTally: Sendable {
    package enum Fault: Int, CaseIterable, Sendable {
        case requestLost, requestDelayed, requestTwice, answerLost, answerDelayed
        case election, streamFull, hole, flippedBit, allCopiesRotten
        case serverPaused, serverRestarted, serverCutOff, clockJumped, takeOverForced
    }

    package enum Outcome: Int, CaseIterable, Sendable {
        case appended, appendFenced, appendFull, appendOverloaded, toldDurable, lost
        case tookOver, released, repaired, restoredFromSnapshot, trimmed
        case readAllowed, readRefused, stoppedAsItMust, recovered
    }

    private var faults = [Int](repeating: 0, count: Fault.allCases.count)
    private var outcomes = [Int](repeating: 0, count: Outcome.allCases.count)

    package init() {}

    package mutating func count(_ fault: Fault) { faults[fault.rawValue] += 1 }
    package mutating func count(_ outcome: Outcome) { outcomes[outcome.rawValue] += 1 }

    package subscript(fault: Fault) -> Int { faults[fault.rawValue] }
    package subscript(outcome: Outcome) -> Int { outcomes[outcome.rawValue] }

    package mutating func add(_ other: ReplicaTally) {
        for index in faults.indices { faults[index] += other.faults[index] }
        for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
    }
}
