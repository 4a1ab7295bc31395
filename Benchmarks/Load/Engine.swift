import LoadCore
import NIOCore
import NIOPosix

/// Carries out one plan: starts the workers together, watches the clock, puts together what came.
struct Engine {
    let plan: Plan
    let scenarios: [any Scenario]
    let serverProcess: Int32?
    let interrupt: Interrupt

    /// Time for all workers to have the start scheduled before it comes.
    private static let startDelay: Nanoseconds = 50_000_000
    private static let watchGap = Duration.milliseconds(50)

    func run(_ progress: Progress) async throws -> Outcome {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
        let outcome: Outcome
        do {
            outcome = try await run(on: group, progress)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
        return outcome
    }

    private func run(on group: MultiThreadedEventLoopGroup, _ progress: Progress) async throws
        -> Outcome
    {
        let collector = Collector(workers: plan.threads)
        var workers: [NIOLoopBound<Worker>] = []
        var reports: [EventLoopFuture<WorkerReport>] = []
        for index in 0..<plan.threads {
            let loop = group.next()
            let done = loop.makePromise(of: WorkerReport.self)
            reports.append(done.futureResult)
            workers.append(
                try await loop.submit { [plan, scenarios] in
                    NIOLoopBound(
                        Worker(
                            plan: plan, index: index, scenarios: scenarios, loop: loop,
                            collector: collector, done: done), eventLoop: loop)
                }.get())
        }
        let finished = group.next().makeFutureWithTask {
            [reports] in
            var all: [WorkerReport] = []
            for report in reports { all.append(try await report.get()) }
            return all
        }
        var connected = 0
        for worker in workers {
            connected += try await worker.eventLoop.flatSubmit {
                worker.value.connectAll().map { worker.value.openConnections }
            }.get()
        }
        guard connected > 0 else {
            for worker in workers {
                try await worker.eventLoop.submit { worker.value.cancel() }.get()
            }
            throw LoadError.unreachable(plan.address)
        }
        let start = Clock.now() + Self.startDelay
        for worker in workers {
            try await worker.eventLoop.submit { worker.value.start(at: start) }.get()
        }
        let watch = try await watch(collector, from: start + plan.warmup, progress)
        return Outcome(
            plan: plan, scenarios: scenarios, reports: try await finished.get(),
            series: collector.series, watch: watch, wasInterrupted: interrupt.isSet)
    }

    /// Waits for the end, and reads the machine's clocks at both ends of the measured time.
    private func watch(
        _ collector: Collector, from start: Nanoseconds, _ progress: Progress
    ) async throws -> Watch {
        let end = start + plan.duration
        var watch = Watch(server: serverProcess)
        while Clock.now() < start, !interrupt.isSet { try await Task.sleep(for: Self.watchGap) }
        watch.begin()
        while Clock.now() < end, !interrupt.isSet, !collector.areAllDone {
            let left = Clock.span(from: Clock.now(), to: end)
            try await Task.sleep(for: min(Self.watchGap, .nanoseconds(Int64(left))))
            progress.show(collector.newest, of: plan)
        }
        watch.end()
        if interrupt.isSet { collector.wishStop() }
        return watch
    }
}

/// What a run brought, merged.
struct Outcome {
    let plan: Plan
    let results: [ScenarioResult]
    let total: ScenarioResult
    let series: [SecondResult]
    let generator: GeneratorResult
    let server: ServerResult?
    let measuredSeconds: Double
    let achievedRate: Double
    let wasInterrupted: Bool

    init(
        plan: Plan, scenarios: [any Scenario], reports: [WorkerReport], series: [SecondResult],
        watch: Watch, wasInterrupted: Bool
    ) {
        var merged = scenarios.map { Recorder(parts: $0.parts.count) }
        var all = Recorder(parts: 0)
        var lag = LatencyHistogram()
        var wait = LatencyHistogram()
        for report in reports {
            for index in merged.indices {
                merged[index].add(report.recorders[index])
                all.add(report.recorders[index])
            }
            lag.add(report.sendLag)
            wait.add(report.connectionWait)
        }
        let from = reports.map(\.measuredFrom).min() ?? 0
        let until = reports.map(\.measuredUntil).max() ?? 0
        let seconds = Double(Clock.span(from: from, to: until)) / 1e9
        let processor = reports.map(\.processorSeconds).reduce(0, +)
        let isOpen = plan.offeredRate != nil
        self.plan = plan
        self.series = series
        self.wasInterrupted = wasInterrupted
        results = zip(scenarios, merged).map { $1.result(name: $0.name, parts: $0.parts) }
        total = all.result(name: "total", parts: [])
        measuredSeconds = seconds
        // By when answers came, not by when requests were meant to be sent: what was answered
        // after the end is no throughput.
        let ended = series.map(\.ok).reduce(0, +)
        achievedRate = seconds > 0 ? Double(ended) / seconds : 0
        generator = GeneratorResult(
            sendLag: isOpen ? LatencySummary(lag) : nil,
            connectionWait: isOpen ? LatencySummary(wait) : nil, processorSeconds: processor,
            processorShare: seconds > 0
                ? processor / (seconds * Double(min(plan.threads, Host.cores))) : 0,
            processorMicrosecondsPerRequest: processor * 1e6 / Double(max(1, all.requests)),
            machineBusyShare: watch.machineBusyShare,
            connects: reports.map(\.connects).reduce(0, +),
            connectErrors: reports.reduce(into: [:]) { sum, report in
                for (failure, count) in report.connectErrors {
                    sum[failure.name, default: 0] += count
                }
            })
        server = watch.server(requests: all.requests)
    }
}
