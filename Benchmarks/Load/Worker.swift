import LoadCore
import NIOCore
import NIOPosix

/// One event loop's share of the load: its connections, its part of the schedule, its histograms.
/// Nothing is shared with the other workers until a second or the run is over.
final class Worker: NIOScheduledCallbackHandler {
    let plan: Plan
    let index: Int
    let loop: any EventLoop
    private let collector: Collector
    private let done: EventLoopPromise<WorkerReport>
    private let scripts: [any Script]
    private var turns: WeightedTurns
    var connections: [Connection?]
    private var idle = CircularBuffer<Connection>()
    private var isArmed = false
    private(set) var phase = Phase.connecting
    var dialer: Dialer

    var report: WorkerReport
    private var slice: Slice?
    private var schedule: ArrivalSchedule?
    private var begun = 0
    private let begunMax: Int
    private var measureFrom: Nanoseconds = .max
    private var measureUntil: Nanoseconds = .max
    private var nextTimeoutCheck: Nanoseconds = 0
    private var processorAtStart = 0.0

    enum Phase {
        case connecting
        case running
        /// Nothing begins any more but what was meant to begin before the end.
        case draining
        case over
    }

    /// Sends that are due within this are sent together: a timer for each would cost more than it
    /// is worth. It adds at most so much to a latency, and never hides any.
    private static let tickMin: Nanoseconds = 20_000
    /// How often timeouts, the end of a second and a wish to stop are looked for.
    private static let sweep = TimeAmount.milliseconds(20)
    private static let timeoutCheckGap: Nanoseconds = 100_000_000
    /// A connection whose scenario has no credential left asks again after this.
    private static let starvedPause: Nanoseconds = 100_000_000

    init(
        plan: Plan, index: Int, scenarios: [any Scenario], loop: any EventLoop,
        collector: Collector, done: EventLoopPromise<WorkerReport>
    ) {
        self.plan = plan
        self.index = index
        self.loop = loop
        self.collector = collector
        self.done = done
        scripts = scenarios.map { $0.script(worker: index, of: plan.threads) }
        turns = WeightedTurns(plan.weights)
        let slots = Share.of(plan.connections, part: index, parts: plan.threads)
        begunMax = Share.of(plan.operationsMax, part: index, parts: plan.threads)
        connections = Array(repeating: nil, count: slots)
        report = WorkerReport(
            recorders: scenarios.map {
                Recorder(parts: $0.parts.count, expectedInterval: plan.expectedInterval)
            })
        dialer = Dialer(slots: slots)
    }

    // MARK: The course of a run

    func start(at start: Nanoseconds) {
        phase = .running
        measureFrom = start + plan.warmup
        measureUntil = measureFrom + plan.duration
        if case .open(let rate, let arrivals) = plan.mode {
            schedule = ArrivalSchedule(
                start: start, rate: rate, arrivals: arrivals, part: index, of: plan.threads,
                seed: plan.seed)
        }
        let worker = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(deadline: .uptimeNanoseconds(start)) {
            worker.value.dispatch(at: Clock.now())
        }
        loop.scheduleTask(deadline: .uptimeNanoseconds(measureFrom)) {
            worker.value.processorAtStart = ProcessorTime.ofThread()
        }
        loop.scheduleRepeatedTask(initialDelay: Self.sweep, delay: Self.sweep) { task in
            worker.value.look(at: Clock.now())
            if worker.value.phase == .over { task.cancel() }
        }
    }

    /// Begins what is due. The only place where operations begin.
    func dispatch(at now: Nanoseconds) {
        guard phase == .running || phase == .draining else { return }
        switch plan.mode {
        case .closed:
            while phase == .running, mayBegin(now), let connection = nextIdle() {
                begin(on: connection, intended: now, at: now)
            }
        case .open:
            while nextDue <= now, mayBegin(nextDue), let connection = nextIdle() {
                let due = schedule?.take() ?? now
                noteDelay(due: due, idleSince: connection.idleSince, now)
                begin(on: connection, intended: due, at: now)
            }
            arm(now)
        }
    }

    private var nextDue: Nanoseconds { schedule?.nextNanoseconds ?? .max }

    private func mayBegin(_ intended: Nanoseconds) -> Bool {
        intended < measureUntil && begun < begunMax
    }

    private func nextIdle() -> Connection? {
        while let connection = idle.popFirst() {
            if connection.isOpen, !connection.isBusy { return connection }
        }
        return nil
    }

    private func begin(on connection: Connection, intended: Nanoseconds, at now: Nanoseconds) {
        let isMeasured = intended >= measureFrom
        if isMeasured { begun += 1 }
        let scenario = turns.next()
        var visit = Visit()
        guard let exchange = scripts[scenario].begin(&visit) else {
            if isMeasured { report.recorders[scenario].recordFailure(.noCredential, after: 0) }
            park(connection, for: Self.starvedPause)
            return
        }
        connection.begin(
            exchange, of: scenario, visit: visit, intended: intended, isMeasured: isMeasured,
            at: now)
    }

    /// Late because every connection was busy is the server's doing; late in spite of a free one
    /// is the generator's.
    private func noteDelay(due: Nanoseconds, idleSince: Nanoseconds, _ now: Nanoseconds) {
        guard due >= measureFrom else { return }
        report.connectionWait.record(Clock.span(from: due, to: idleSince))
        report.sendLag.record(Clock.span(from: max(due, idleSince), to: now))
    }

    private func arm(_ now: Nanoseconds) {
        guard !isArmed, !idle.isEmpty, mayBegin(nextDue) else { return }
        let deadline = NIODeadline.uptimeNanoseconds(max(nextDue, now + Self.tickMin))
        // Fails only when the loop is shut down, which ends the run anyway.
        isArmed =
            (try? loop.assumeIsolated().scheduleCallback(at: deadline, handler: self)) != nil
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        isArmed = false
        dispatch(at: Clock.now())
    }

    // MARK: What connections tell

    func opened(_ connection: Connection) {
        connections[connection.slot] = connection
        becameIdle(connection, at: Clock.now())
    }

    private func becameIdle(_ connection: Connection, at now: Nanoseconds) {
        connection.idleSince = now
        idle.append(connection)
        dispatch(at: now)
    }

    func proceed(_ connection: Connection, body: [UInt8]) -> Proceeding {
        scripts[connection.scenario].proceed(&connection.visit, body: body)
    }

    func record(_ nanoseconds: Nanoseconds, part: Int, of connection: Connection) {
        guard connection.isMeasured else { return }
        report.recorders[connection.scenario].parts[part].record(nanoseconds)
    }

    func recordStatus(_ status: Int, of connection: Connection) {
        guard connection.isMeasured else { return }
        report.recorders[connection.scenario].recordStatus(status)
    }

    func ended(_ connection: Connection, _ failure: Failure?, at now: Nanoseconds) {
        let latency = Clock.span(from: connection.intended, to: now)
        if failure != nil { scripts[connection.scenario].abandon(connection.visit) }
        if connection.isMeasured { account(for: connection, failure, latency) }
        note(failure, latency, at: now)
        guard connection.isOpen else { return }
        if plan.honoursRetryAfter, failure != nil, let seconds = connection.retryAfterSeconds {
            park(connection, for: Clock.span(seconds: Double(seconds)))
        } else {
            becameIdle(connection, at: now)
        }
    }

    /// For the series: whatever ends within the measured time.
    private func note(_ failure: Failure?, _ latency: Nanoseconds, at now: Nanoseconds) {
        guard now >= measureFrom, now < measureUntil else { return }
        turnSlice(at: now)
        if failure == nil { slice?.ok += 1 } else { slice?.failed += 1 }
        if failure?.isWaiting ?? true { slice?.latency.record(latency) }
    }

    private func account(
        for connection: Connection, _ failure: Failure?, _ latency: Nanoseconds
    ) {
        let scenario = connection.scenario
        report.recorders[scenario].requests += connection.requests
        report.recorders[scenario].bytesSent += connection.bytesSent
        report.recorders[scenario].bytesReceived += connection.bytesReceived
        if connection.retryAfterSeconds != nil { report.recorders[scenario].retryAfterSeen += 1 }
        if let failure {
            report.recorders[scenario].recordFailure(failure, after: latency)
        } else {
            report.recorders[scenario].recordSuccess(latency)
        }
    }

    private func park(_ connection: Connection, for pause: Nanoseconds) {
        let both = NIOLoopBound((self, connection), eventLoop: loop)
        loop.scheduleTask(deadline: .uptimeNanoseconds(Clock.now() + pause)) {
            let (worker, connection) = both.value
            if connection.isOpen { worker.becameIdle(connection, at: Clock.now()) }
        }
    }

    // MARK: Every few milliseconds

    private func look(at now: Nanoseconds) {
        turnSlice(at: now)
        if now >= nextTimeoutCheck {
            nextTimeoutCheck = now + Self.timeoutCheckGap
            endOverdue(at: now)
        }
        if phase == .running, collector.isStopWished { measureUntil = min(measureUntil, now) }
        if phase == .running, now >= measureUntil || begun >= begunMax {
            phase = .draining
            report.processorSeconds = ProcessorTime.ofThread() - processorAtStart
            report.measuredFrom = measureFrom
            report.measuredUntil = min(now, measureUntil)
            collector.workerIsDone()
        }
        guard phase == .draining else { return }
        let isQuiet = !connections.contains { $0?.isBusy == true } && !mayBegin(nextDue)
        if isQuiet || now >= report.measuredUntil + plan.drain { finish(at: now) }
    }

    private func endOverdue(at now: Nanoseconds) {
        for connection in connections {
            guard let connection, connection.isBusy, connection.sent + plan.timeout < now else {
                continue
            }
            connection.abandon(.timeout)
        }
        // Who was to be sent and could not be, for so long, has waited in vain as well.
        while nextDue < Clock.span(from: plan.timeout, to: now), mayBegin(nextDue) {
            giveUp(on: .timeout, at: now)
        }
    }

    private func giveUp(on failure: Failure, at now: Nanoseconds) {
        guard let due = schedule?.take(), due >= measureFrom else { return }
        begun += 1
        let waited = Clock.span(from: due, to: now)
        report.recorders[turns.next()].recordFailure(failure, after: waited)
        note(failure, waited, at: now)
    }

    /// Ends a run that never started.
    func cancel() {
        phase = .over
        done.succeed(report)
    }

    private func turnSlice(at now: Nanoseconds) {
        guard now >= measureFrom else { return }
        let second = Int((min(now, measureUntil) - measureFrom) / 1_000_000_000)
        if let slice, slice.second == second { return }
        if let slice { collector.deliver(slice) }
        slice = now < measureUntil ? Slice(second: second) : nil
    }

    private func finish(at now: Nanoseconds) {
        phase = .over
        for connection in connections {
            guard let connection else { continue }
            if connection.isBusy, connection.isMeasured {
                account(
                    for: connection, .unfinished,
                    Clock.span(from: connection.intended, to: now))
            }
            connection.close()
        }
        while mayBegin(nextDue) { giveUp(on: .unfinished, at: now) }
        if let slice { collector.deliver(slice) }
        done.succeed(report)
    }
}

/// What a worker has to tell when it is done.
struct WorkerReport: Sendable {
    var recorders: [Recorder]
    var sendLag = LatencyHistogram()
    var connectionWait = LatencyHistogram()
    var connects = 0
    var connectErrors: [Failure: Int] = [:]
    var processorSeconds = 0.0
    var measuredFrom: Nanoseconds = 0
    var measuredUntil: Nanoseconds = 0
}

/// Splits a number among workers, as evenly as whole numbers go.
enum Share {
    static func of(_ whole: Int, part: Int, parts: Int) -> Int {
        whole / parts + (part < whole % parts ? 1 : 0)
    }
}
