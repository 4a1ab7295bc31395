import ArgumentParser
import Glibc
import LoadCore

/// One load, measured once.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Puts one load on the server.",
        discussion: "Example: countersign-load run session --server countersign --rate 5000")

    @Argument(help: "What is asked for: \(ScenarioName.list).")
    var scenario: ScenarioName
    @Option(name: [.short, .long], help: "Requests a second: an open loop. Without: a closed one.")
    var rate: Double?
    @Option(help: "Ends after so many operations, if the duration does not end it before.")
    var requests: Int?
    @Option(
        help: ArgumentHelp(
            "Closed loop: corrects service times for what an interval between requests implies.",
            valueName: "µs"))
    var expectedInterval: Double?
    @OptionGroup(title: "Target") var target: TargetOptions
    @OptionGroup(title: "Load") var shape: ShapeOptions
    @OptionGroup(title: "Scenarios") var settings: ScenarioOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    /// More than loopback carries.
    static let rateMax = 5_000_000.0

    mutating func validate() throws {
        try require(0.01...Self.rateMax, rate ?? 1, "--rate")
        try require(1...Int.max, requests ?? 1, "--requests")
        try require(0.001...1e9, expectedInterval ?? 1, "--expected-interval")
        guard rate == nil || expectedInterval == nil else {
            throw ValidationError("--expected-interval corrects closed loops; --rate opens one.")
        }
    }

    func run() async throws {
        let interrupt = Interrupt.watch()
        let progress = Progress(isQuiet: output.quiet)
        let rig = try await Rig.prepare(
            scenario, target: target, shape: shape, settings: settings, progress)
        let result: RunResult
        do {
            result = try await measure(rig, interrupt, progress)
        } catch {
            await rig.stop()
            throw error
        }
        await rig.stop()
        try Output(output).write(result)
        if let code = LoadExit.of(result) { Glibc.exit(code.rawValue) }
    }

    private func measure(_ rig: Rig, _ interrupt: Interrupt, _ progress: Progress) async throws
        -> RunResult
    {
        var plan = rig.plan(shape)
        plan.operationsMax = requests ?? .max
        plan.mode =
            if let rate { .open(rate: rate, shape.arrivals) } else {
                .closed(expectedInterval: Clock.span(seconds: (expectedInterval ?? 0) / 1e6))
            }
        let started = Stamp.now()
        let engine = Engine(
            plan: plan, scenarios: rig.scenarios, serverProcess: rig.serverProcess,
            interrupt: interrupt)
        let outcome = try await engine.run(progress)
        return outcome.result(
            title: output.title ?? "\(scenario.rawValue) on \(rig.url)", startedAt: started,
            target: rig.url, shape: shape, frontier: nil)
    }
}
