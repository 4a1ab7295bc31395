import NIOHTTP1
import Persistence
import Synchronization

/// Lets requests in while this server owns the shard that is their home, and counts those that are
/// under way, so that the shard can be given up between two requests.
final class ServingGate: Sendable {
    private enum Phase {
        case closed
        case open
        /// Slow requests are let in no more; those who are in finish.
        case slowing
        /// Nor is anybody else.
        case draining
    }

    private struct State {
        var phase = Phase.closed
        /// Of this opening; who was let in by an earlier one counts no more.
        var term: UInt64 = 0
        var underWay: [RequestPace: Int] = [:]
    }

    private let mayRead: @Sendable () -> Bool
    private let state = Mutex(State())

    /// What is slow may take so long to end, while others are served; those that are held until
    /// then have half a second left.
    static let slowPatience = Duration.milliseconds(1000)
    /// Nobody is served then, and quick requests are a few commits of the log.
    static let quickPatience = Duration.milliseconds(200)
    /// How often it is looked whether the last request has its answer.
    private static let lookEvery = Duration.milliseconds(2)

    /// - Parameter mayRead: whether nobody else can own the shard at this moment.
    init(mayRead: @escaping @Sendable () -> Bool) { self.mayRead = mayRead }

    // MARK: Requests

    /// Nil when the request can't be served here now.
    func enter(_ pace: RequestPace) -> RequestPermit? {
        guard mayRead() else { return nil }
        let term = state.withLock { state -> UInt64? in
            switch (state.phase, pace) {
            case (.closed, _), (.draining, _), (.slowing, .slow): return nil
            case (.open, _), (.slowing, .quick): break
            }
            state.underWay[pace, default: 0] += 1
            return state.term
        }
        return term.map { RequestPermit(self, pace, term: $0) }
    }

    fileprivate func leave(_ pace: RequestPace, _ term: UInt64) {
        state.withLock { if $0.term == term { $0.underWay[pace, default: 1] -= 1 } }
    }

    /// Whether what was read since `enter` may be shown.
    fileprivate func isValid(_ term: UInt64) -> Bool {
        state.withLock { $0.term == term && $0.phase != .closed } && mayRead()
    }

    var isOpen: Bool { state.withLock { $0.phase == .open } }

    // MARK: The shard

    /// The shard can be served from here.
    func open() {
        state.withLock { state in
            guard state.phase == .closed else { return }
            state.phase = .open
            state.term += 1
            state.underWay = [:]
        }
    }

    /// The shard is not here any more: whatever was read before is worth nothing.
    func close() { state.withLock { $0.phase = .closed } }

    /// Lets nobody in any more, and waits for those who are in: first for the slow ones, while the
    /// quick ones still come and go.
    ///
    /// - Returns: how many had no answer in that time.
    func drain(
        slowPatience: Duration = slowPatience, quickPatience: Duration = quickPatience
    ) async -> Int {
        await stop(.slowing, until: .slow, within: slowPatience)
        await stop(.draining, until: .quick, within: quickPatience)
        return state.withLock { $0.underWay.values.reduce(0, +) }
    }

    private func stop(_ phase: Phase, until pace: RequestPace, within patience: Duration) async {
        state.withLock { if $0.phase != .closed { $0.phase = phase } }
        let deadline = ContinuousClock.now + patience
        while state.withLock({ $0.phase != .closed && $0.underWay[pace, default: 0] > 0 }),
            ContinuousClock.now < deadline, !Task.isCancelled
        {
            try? await Task.sleep(for: Self.lookEvery)
        }
    }
}

/// The gates of all shards.
struct ServingGates: Sendable {
    private let gates: [ServingGate]

    init(shardCount: Int, mayRead: @escaping @Sendable (ShardID) -> Bool) {
        gates = (0..<shardCount).map { number in
            let shard = ShardID(UInt16(number))
            return ServingGate { mayRead(shard) }
        }
    }

    subscript(shard: ShardID) -> ServingGate { gates[Int(shard.rawValue)] }

    var openCount: Int { gates.count(where: \.isOpen) }
}

/// One request that was let in. It is under way until `leave`.
final class RequestPermit: Sendable {
    private let gate: ServingGate
    private let pace: RequestPace
    private let term: UInt64
    private let hasLeft = Atomic(false)

    fileprivate init(_ gate: ServingGate, _ pace: RequestPace, term: UInt64) {
        self.gate = gate
        self.pace = pace
        self.term = term
    }

    /// To be asked after what is answered was read, and right before it is shown.
    var isValid: Bool { gate.isValid(term) }

    func leave() {
        guard !hasLeft.exchange(true, ordering: .relaxed) else { return }
        gate.leave(pace, term)
    }
}

/// How long a request may be under way, as far as its head says so.
enum RequestPace {
    /// Answered from memory, or after a commit of the log.
    case quick
    /// It may hash a password or ask a provider, which takes as long as it takes.
    case slow

    init(_ head: HTTPRequestHead) {
        switch head.method {
        case .GET, .HEAD: self = CallTarget(head.uri) == nil ? .quick : .slow
        default: self = head.uri == UsageRoutes.ingestPath ? .quick : .slow
        }
    }
}
