import ArgumentParser
import Glibc
import LoadCore

/// Many loads, to find how much the server does within bounds of latency.
struct RampCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ramp",
        abstract: "Finds the highest rates at which p99 stays within bounds.",
        discussion: """
            A closed loop says where to begin. Then the rate is bracketed and bisected in open \
            loop, for each bound in turn. A step counts only if the server did all that was \
            offered (99 %) without an error. Each step has --warmup and --duration.
            """)

    @Argument(help: "What is asked for: \(ScenarioName.list).")
    var scenario: ScenarioName
    @Option(help: ArgumentHelp("Bounds of p99.", valueName: "ms,…"))
    var bounds = "1,5,10,50,100"
    @Option(help: "Ends the search where a bracket is this narrow, in per cent.")
    var precision = 5.0
    @Option(help: "The highest rate to try.")
    var rateMax = 200_000.0
    @Option(help: "Steps at the most.")
    var steps = 60
    @Option(help: "How often a rate that barely misses is measured before that is believed.")
    var attempts = 2
    @OptionGroup(title: "Target") var target: TargetOptions
    @OptionGroup(title: "Load") var shape: ShapeOptions
    @OptionGroup(title: "Scenarios") var settings: ScenarioOptions
    @OptionGroup(title: "Results") var output: OutputOptions

    private static let stepsMax = 500
    /// A 99th percentile of fewer is the luck of one or two requests.
    private static let samplesMin = 200.0

    mutating func validate() throws {
        guard let bounds = boundsMilliseconds, !bounds.isEmpty else {
            throw ValidationError("--bounds takes milliseconds such as 1,5,10.")
        }
        try require(0.5...100, precision, "--precision")
        try require(1...RunCommand.rateMax, rateMax, "--rate-max")
        try require(1...Self.stepsMax, steps, "--steps")
        try require(1...10, attempts, "--attempts")
    }

    private var boundsMilliseconds: [Double]? {
        let numbers = bounds.split(separator: ",").map { Double($0) }
        let valid = numbers.compactMap { $0 }.filter { $0 > 0 }
        return valid.count == numbers.count ? valid : nil
    }

    func run() async throws {
        let interrupt = Interrupt.watch()
        let progress = Progress(isQuiet: output.quiet)
        let rig = try await Rig.prepare(
            scenario, target: target, shape: shape, settings: settings, progress)
        let result: RunResult
        do {
            result = try await climb(rig, interrupt, progress)
        } catch {
            await rig.stop()
            throw error
        }
        await rig.stop()
        try Output(output).write(result)
        if result.wasInterrupted { Glibc.exit(LoadExit.interrupted.rawValue) }
        // Steps beyond the frontier fail on purpose; a ramp that found nothing did not succeed.
        if result.frontier?.points.contains(where: { $0.rate != nil }) != true {
            Glibc.exit(LoadExit.failures.rawValue)
        }
    }

    private func climb(_ rig: Rig, _ interrupt: Interrupt, _ progress: Progress) async throws
        -> RunResult
    {
        let started = Stamp.now()
        func measure(_ mode: Plan.Mode) async throws -> Outcome {
            var plan = rig.plan(shape)
            plan.mode = mode
            progress.begin()
            return try await Engine(
                plan: plan, scenarios: rig.scenarios, serverProcess: rig.serverProcess,
                interrupt: interrupt
            ).run(progress)
        }
        let closed = try await measure(.closed(expectedInterval: 0))
        progress.say("closed loop: \(Figure.count(closed.achievedRate))/s")
        var search = FrontierSearch(
            boundsMilliseconds: boundsMilliseconds ?? [], startRate: closed.achievedRate / 2,
            lowestRate: Self.samplesMin / shape.duration, highestRate: rateMax,
            precision: precision / 100, attempts: attempts, stepsMax: steps)
        // The run that is told in full: the highest rate that met any bound.
        var best: Outcome?
        while !interrupt.isSet, let (rate, bound) = search.next() {
            let outcome = try await measure(.open(rate: rate, shape.arrivals))
            guard !outcome.wasInterrupted else { break }
            let step = outcome.step(offering: rate)
            search.record(step)
            let met = step.meets(boundMilliseconds: bound)
            progress.say(
                "\(Figure.count(rate))/s for p99 ≤ \(Figure.digits(bound)) ms: "
                    + (met ? "met" : "missed")
                    + ", \(Figure.latency(step.p99Microseconds)) at "
                    + "\(Figure.count(step.achievedRate))/s, \(step.errors) errors")
            if search.boundsMilliseconds.contains(where: { step.meets(boundMilliseconds: $0) }),
                rate > best?.plan.offeredRate ?? 0
            {
                best = outcome
            }
        }
        let frontier = FrontierResult(
            closedLoopRate: closed.achievedRate, stepSeconds: shape.duration,
            points: search.points, steps: search.steps)
        var result = (best ?? closed).result(
            title: output.title ?? "Frontier of \(scenario.rawValue) on \(rig.url)",
            startedAt: started, target: rig.url, shape: shape, frontier: frontier)
        result.wasInterrupted = interrupt.isSet
        return result
    }
}
