import Foundation
import StorageSimulation

/// Runs seeds of the storage simulation, or one of them with everything it does.
///
///     Simulation seeds 1000000 [from 1] [jobs 2] [states domain]
///     Simulation seed 4711 [states domain]
@main
struct Simulate {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let kind = Simulation.Kind(rawValue: word("states", in: arguments) ?? "model") else {
            usage()
        }
        if let seed = number("seed", in: arguments) {
            print(Simulation.trace(seed: seed, of: kind).joined(separator: "\n"))
            var tally = Tally()
            exit(Simulation.run(seed: seed, of: kind, tally: &tally) == nil ? 0 : 1)
        }
        guard let count = number("seeds", in: arguments), count > 0 else { usage() }
        let first = number("from", in: arguments) ?? 1
        let jobs = number("jobs", in: arguments) ?? 1
        let isGood = await run(first..<first + count, of: kind, jobs: max(1, jobs))
        exit(isGood ? 0 : 1)
    }

    private static func usage() -> Never {
        print(
            """
            usage: Simulation seeds COUNT [from FIRST] [jobs THREADS] [states model|domain]
                   Simulation seed NUMBER [states model|domain]
            """)
        exit(64)
    }

    private static func word(_ name: String, in arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else {
            return nil
        }
        return arguments[index + 1]
    }

    private static func number(_ name: String, in arguments: [String]) -> UInt64? {
        word(name, in: arguments).flatMap { UInt64($0) }
    }

    private struct Result: Sendable {
        var tally = Tally()
        var seeds = 0
        var failures: [(seed: UInt64, reason: String)] = []
    }

    /// So many failing seeds are enough.
    private static let failuresMax = 5

    private static func run(
        _ seeds: Range<UInt64>, of kind: Simulation.Kind, jobs: UInt64
    ) async -> Bool {
        let began = ContinuousClock.now
        let result =
            await jobs == 1
            ? run(seeds, of: kind, every: 1, offset: 0) : inParallel(seeds, of: kind, jobs)
        report(result, of: kind, took: ContinuousClock.now - began)
        return result.failures.isEmpty
    }

    private static func inParallel(
        _ seeds: Range<UInt64>, of kind: Simulation.Kind, _ jobs: UInt64
    ) async -> Result {
        await withTaskGroup(of: Result.self) { group in
            for job in 0..<jobs {
                group.addTask { Self.run(seeds, of: kind, every: jobs, offset: job) }
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

    private static func run(
        _ seeds: Range<UInt64>, of kind: Simulation.Kind, every step: UInt64, offset: UInt64
    ) -> Result {
        var result = Result()
        var seed = seeds.lowerBound + offset
        while seed < seeds.upperBound, result.failures.count < failuresMax {
            if let failure = Simulation.run(seed: seed, of: kind, tally: &result.tally) {
                result.failures.append((seed, failure.description))
            }
            result.seeds += 1
            seed += step
        }
        return result
    }

    private static func report(_ result: Result, of kind: Simulation.Kind, took: Duration) {
        table("fault", Tally.Fault.allCases.map { ("\($0)", result.tally[$0]) })
        table("outcome", Tally.Outcome.allCases.map { ("\($0)", result.tally[$0]) })
        for (seed, reason) in result.failures.sorted(by: { $0.seed < $1.seed }) {
            print("seed \(seed): \(reason)")
            print("    make simulate SEED=\(seed) STATES=\(kind.rawValue)")
        }
        let seconds = took / .seconds(1)
        let processor = Double(clock()) / Double(CLOCKS_PER_SEC)
        let speed = Int(Double(result.seeds) / processor)
        print(
            "\(result.seeds) seeds of the \(kind.rawValue)",
            "in \(String(format: "%.1f", seconds)) s,",
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
