package import Persistence
import Synchronization

/// What whoever keeps a shard's state in memory has to know, in this order.
package enum ShardEvent: Sendable {
    /// Forget everything about the shard: what follows builds its state from nothing.
    case reset
    /// A part of a snapshot.
    case chunk(SnapshotPartHeader, [UInt8])
    /// Records that another server appended, verified; they follow what came before without a gap.
    case section(LoggedSection)
    /// The shard is this server's, and nothing comes from others any more. Appends are taken, and
    /// reads allowed, from the next call of `next` on: by then everything before has been handled.
    case gained(epoch: UInt64)
    /// The shard was given up in good order. What is in memory holds; sections follow.
    case released
    /// The shard was taken: what is in memory may hold what is not in the stream, so nobody may see
    /// it any more. A reset follows.
    case lost
    /// Nobody can go on before a person has looked at it.
    case stopped(StopReason)
}

/// Hands a shard's events to the one who follows it, at the pace of that one: while much waits, the
/// stream is not read on.
package final class ShardFeed: Sendable {
    private struct State {
        var events: [ShardEvent] = []
        /// Where the rest of `events` begins.
        var start = 0
        var waitingBytes = 0
        var waiter: CheckedContinuation<ShardEvent?, Never>?
        var isClosed = false
        /// Of the `gained` that was handed out last and is being handled.
        var gainedEpoch: UInt64?
    }

    private let state = Mutex(State())
    /// Told when the reading of the stream is to pause, and when to go on.
    private let hold: @Sendable (Bool) -> Void
    /// Told when a `gained` has been handled.
    private let opened: @Sendable (UInt64) -> Void

    private static let highBytes = 8 << 20
    private static let lowBytes = 2 << 20

    init(
        hold: @escaping @Sendable (Bool) -> Void, opened: @escaping @Sendable (UInt64) -> Void
    ) {
        self.hold = hold
        self.opened = opened
    }

    /// The next event; nil when the log was closed. One task asks, and asks again only when it has
    /// handled what it got.
    package func next() async -> ShardEvent? {
        handled()
        return await withCheckedContinuation { continuation in
            let (event, isReady, hasRoom) = state.withLock { state in
                guard state.start < state.events.count else {
                    if !state.isClosed { state.waiter = continuation }
                    return (nil as ShardEvent?, state.isClosed, false)
                }
                let event = state.events[state.start]
                state.start += 1
                let before = state.waitingBytes
                state.waitingBytes -= event.bytes
                if case .gained(let epoch) = event { state.gainedEpoch = epoch }
                if state.start > 1024 || state.start == state.events.count {
                    state.events.removeFirst(state.start)
                    state.start = 0
                }
                let hasRoom = before > Self.lowBytes && state.waitingBytes <= Self.lowBytes
                return (event, true, hasRoom)
            }
            if hasRoom { hold(false) }
            if isReady { continuation.resume(returning: event) }
        }
    }

    var unreadBytes: Int { state.withLock { $0.waitingBytes } }

    /// Whether the one who keeps the state has read all but a little of what there is.
    var isNearlyRead: Bool { unreadBytes <= Self.lowBytes }

    /// Says, earlier than `next` would, that the last event has been handled.
    package func handled() {
        let gained = state.withLock { state in
            defer { state.gainedEpoch = nil }
            return state.gainedEpoch
        }
        if let gained { opened(gained) }
    }

    func push(_ event: ShardEvent) {
        typealias Step = (waiter: CheckedContinuation<ShardEvent?, Never>?, isFull: Bool)
        let (waiter, isFull) = state.withLock { state -> Step in
            if let waiter = state.waiter {
                state.waiter = nil
                if case .gained(let epoch) = event { state.gainedEpoch = epoch }
                return (waiter, false)
            }
            state.events.append(event)
            state.waitingBytes += event.bytes
            return (nil, state.waitingBytes > Self.highBytes)
        }
        if isFull { hold(true) }
        waiter?.resume(returning: event)
    }

    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}

extension ShardEvent {
    fileprivate var bytes: Int {
        switch self {
        case .chunk(_, let chunk): chunk.count
        case .section(let section): section.reader.remaining
        case .reset, .gained, .released, .lost, .stopped: 0
        }
    }
}
