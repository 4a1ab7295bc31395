import StorageSimulation
import Testing

/// The short form of `make simulate`: the log's own code over a disk that loses power, fails, lies
/// and rots. docs/simulation.md says what is checked.
@Suite("Simulated storage")
struct SimulationTests {
    /// A few seconds in a debug build; `make simulate` tries a million.
    private static let seedCount: UInt64 = 600
    private static let domainSeedCount: UInt64 = 100

    @Test("every promise is kept in hundreds of short lives")
    func seeds() {
        var tally = Tally()
        for seed in 1...Self.seedCount {
            if let failure = Simulation.run(seed: seed, tally: &tally) {
                Issue.record("make simulate SEED=\(seed): \(failure)")
            }
        }
        // A simulation that never meets something does not test it.
        let rare: Set<Tally.Outcome> = [
            .lostWhatNobodyCanTell, .refusedAsItMay, .healedAsItMay, .snapshotTrimmedLog,
        ]
        for fault in Tally.Fault.allCases { #expect(tally[fault] > 0, "\(fault)") }
        for outcome in Tally.Outcome.allCases where !rare.contains(outcome) {
            #expect(tally[outcome] > 0, "\(outcome)")
        }
    }

    @Test("accounts and usage are after every start what they were in a run without interruptions")
    func domain() {
        var tally = Tally()
        for seed in 1...Self.domainSeedCount {
            if let failure = Simulation.run(seed: seed, of: .domain, tally: &tally) {
                Issue.record("make simulate SEED=\(seed) STATES=domain: \(failure)")
            }
        }
        for outcome: Tally.Outcome in [
            .recovered, .startedFromSnapshot, .fellBackToOlderSnapshot, .tornWriteKept,
            .refusedAsItMust, .recoveredTwice,
        ] {
            #expect(tally[outcome] > 0, "\(outcome)")
        }
    }

    @Test("the same seed gives the same run, step by step")
    func repeatable() {
        for seed: UInt64 in [1, 7, 365, 9773] {
            #expect(Simulation.trace(seed: seed) == Simulation.trace(seed: seed), "seed \(seed)")
        }
    }
}
