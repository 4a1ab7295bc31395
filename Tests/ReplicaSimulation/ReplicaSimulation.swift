import Foundation
import ReplicationSimulation

/// Runs seeds of the simulation of a shard's replicas, or one of them with everything it does.
///
///     ReplicaSimulation seeds 1000000 [from 1] [jobs 2]
///     ReplicaSimulation seed 4711
@main
struct SimulateReplicas {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let seed = number("seed", in: arguments) {
            print(ReplicaWorld.trace(seed: seed).joined(separator: "\n"))
            var tally = ReplicaTally()
            exit(ReplicaWorld.run(seed: seed, tally: &tally) == nil ? 0 : 1)
        }
        guard let count = number("seeds", in: arguments), count > 0 else {
            print(
                "usage: ReplicaSimulation seeds COUNT [from FIRST] [jobs THREADS] | seed NUMBER"
            )
            exit(64)
        }
        let first = number("from", in: arguments) ?? 1
        let jobs = number("jobs", in: arguments) ?? 1
        let isGood = await run(first..<first + count, jobs: max(1, jobs))
        exit(isGood ? 0 : 1)
    }

    private static func number(_ name: String, in arguments: [String]) -> UInt64? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
            return nil
        }
        return UInt64(arguments[index + 1])
    }

    private struct Result: Sendable {
        var tally = ReplicaTally()
        var seeds = 0
        var failures: [(seed: UInt64, reason: String)] = []
    }

    /// So many failing seeds are enough.
    private static let failuresMax = 5

    private static func run(_ seeds: Range<UInt64>, jobs: UInt64) async -> Bool {
        let began = ContinuousClock.now
        let result = await jobs == 1 ? run(seeds, every: 1, offset: 0) : inParallel(seeds, jobs)
        report(result, took: ContinuousClock.now - began)
        return result.failures.isEmpty
    }

    private static func inParallel(_ seeds: Range<UInt64>, _ jobs: UInt64) async -> Result {
        await withTaskGroup(of: Result.self) { group in
            for job in 0..<jobs {
                group.addTask { Self.run(seeds, every: jobs, offset: job) }
            }
            var sum = Result()
            for await part in group {
                sum.tally.add(part.tally)
                sum.seeds += part.seeds
                sum.failures += part.failures
            }
            return sum
        }
    }

    private static func run(_ seeds: Range<UInt64>, every step: UInt64, offset: UInt64) -> Result {
        var result = Result()
        var seed = seeds.lowerBound + offset
        while seed < seeds.upperBound, result.failures.count < failuresMax {
            if let failure = ReplicaWorld.run(seed: seed, tally: &result.tally) {
                result.failures.append((seed, failure))
            }
            result.seeds += 1
            seed += step
        }
        return result
    }

    private static func report(_ result: Result, took: Duration) {
        table("fault", ReplicaTally.Fault.allCases.map { ("\($0)", result.tally[$0]) })
        table("outcome", ReplicaTally.Outcome.allCases.map { ("\($0)", result.tally[$0]) })
        for (seed, reason) in result.failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(seed): \(reason)\n    make replicas SEED=\(seed)")
        }
        let seconds = took / .seconds(1)
        let processor = Double(clock()) / Double(CLOCKS_PER_SEC)
        let speed = Int(Double(result.seeds) / processor)
        print(
            "\(result.seeds) seeds in \(String(format: "%.1f", seconds)) s,",
            "\(speed) seeds a second of processor time,",
            "\(result.failures.count) failed")
    }

    private static func table(_ name: String, _ rows: [(String, Int)]) {
        print("| \(name) | times |\n|---|---:|")
        for (name, count) in rows { print("| \(words(name)) | \(count) |") }
        print("")
    }

    /// `sizeWithoutContent` as a person writes it.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            text += character.isUppercase ? " " + character.lowercased() : String(character)
        }
    }
}
