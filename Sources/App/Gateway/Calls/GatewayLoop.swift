import Actors
import DequeModule
import NIOCore

/// What one event loop needs to make calls: its connections to each provider, its queue for the
/// disk and its timers. Nothing in here is shared, so nothing is locked.
final class GatewayLoop {
    let eventLoop: any EventLoop
    let journal: CallJournal
    let gate: DurableGate
    let bulkheads: CallBulkheads
    let clock: any WallClock
    /// For reports of events; made by the first one.
    var lane: ReportLane?
    /// For traces.
    var memory = CallMemory()
    private var pools: [IntegrationID: UpstreamPool] = [:]
    /// Calls of the server's own, which no client connection holds.
    private var ownCalls: [ObjectIdentifier: AnyObject] = [:]
    private var unwrittenAttempts: Deque<(dueAt: NIODeadline, call: GatewayCall)> = []
    private var isAttemptTimerSet = false
    private var flushes: [() -> Void] = []
    private var ticker: RepeatedTask?

    /// Attempts of calls that last longer are on record before their end.
    private static let attemptAfter = TimeAmount.milliseconds(2)
    /// Deadlines are in seconds, so one timer that looks ten times a second serves all of them.
    private static let tickEvery = TimeAmount.milliseconds(100)

    init(
        _ eventLoop: any EventLoop, journal: CallJournal, bulkheads: CallBulkheads,
        clock: any WallClock
    ) {
        self.eventLoop = eventLoop
        self.journal = journal
        self.bulkheads = bulkheads
        self.clock = clock
        gate = DurableGate(eventLoop, journal: journal)
    }

    func start() {
        let loop = NIOLoopBound(self, eventLoop: eventLoop)
        ticker = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.tickEvery, delay: Self.tickEvery
        ) { _ in loop.value.tick() }
    }

    private func tick() {
        let now = NIODeadline.now()
        for pool in pools.values { pool.tick(now) }
        journal.retryPostponed()
    }

    func stop() {
        ticker?.cancel()
        ticker = nil
        for pool in pools.values { pool.closeIdle() }
    }

    func pool(_ provider: GatewayProvider) -> UpstreamPool {
        if let pool = pools[provider.id] { return pool }
        let pool = UpstreamPool(
            eventLoop, origin: provider.origin, resolver: provider.resolver, tls: provider.tls,
            limits: provider.entry.calls.limits)
        pools[provider.id] = pool
        return pool
    }

    func keep(_ own: AnyObject) { ownCalls[ObjectIdentifier(own)] = own }

    func drop(_ own: AnyObject) { ownCalls[ObjectIdentifier(own)] = nil }

    // MARK: Flushes

    /// Lets the bytes of all calls of one turn of the loop leave together, at its end: those who
    /// read them are woken once and find them all.
    func flushSoon(_ flush: @escaping () -> Void) {
        flushes.append(flush)
        guard flushes.count == 1 else { return }
        eventLoop.assumeIsolated().execute { [self] in
            let ready = flushes
            flushes.removeAll(keepingCapacity: true)
            for flush in ready { flush() }
        }
    }

    // MARK: Attempts

    /// Sees to it that the attempt is written unless the call ends before.
    func writeAttemptSoon(_ call: GatewayCall) {
        unwrittenAttempts.append((.now() + Self.attemptAfter, call))
        setAttemptTimer()
    }

    private func setAttemptTimer() {
        guard !isAttemptTimerSet, let first = unwrittenAttempts.first else { return }
        isAttemptTimerSet = true
        eventLoop.assumeIsolated().scheduleTask(deadline: first.dueAt) { [self] in
            isAttemptTimerSet = false
            let now = NIODeadline.now()
            while let first = unwrittenAttempts.first, first.dueAt <= now {
                unwrittenAttempts.removeFirst()
                first.call.writeAttempt()
            }
            // Those that have ended need no timer of their own.
            while let first = unwrittenAttempts.first, first.call.isOver {
                unwrittenAttempts.removeFirst()
            }
            setAttemptTimer()
        }
    }
}
