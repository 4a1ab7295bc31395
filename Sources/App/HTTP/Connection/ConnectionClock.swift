import NIOCore

/// The deadlines of one connection: until when something has to happen, and what it means when it
/// does not. Pure: the handler asks, and schedules what it is told.
struct ConnectionClock {
    enum Expiry: Equatable {
        /// Close without a word: nobody is waiting for one.
        case close
        /// The request was too slow.
        case requestTimeout
    }

    struct Deadline: Equatable {
        let at: NIODeadline
        let expiry: Expiry
    }

    private let limits: ConnectionLimits
    /// When the connection, or the last answer, ended; the beginning of all waiting.
    private var waitingSince: NIODeadline
    /// The first byte of a head that is not complete yet.
    private var headSince: NIODeadline?
    private var body: (since: NIODeadline, bytes: Int)?
    private var isBodyWaiting = false
    private var unwritableSince: NIODeadline?
    private var linger: (since: NIODeadline, lastByteAt: NIODeadline)?

    init(limits: ConnectionLimits, now: NIODeadline) {
        self.limits = limits
        waitingSince = now
    }

    var hasPartialHead: Bool { headSince != nil }

    mutating func bytesArrived(_ count: Int, in phase: ConnectionState.Phase, now: NIODeadline) {
        switch phase {
        case .waiting:
            if headSince == nil { headSince = now }
        case .exchange(let exchange):
            guard !exchange.isRequestComplete else { return }
            countBody(count, now: now)
        case .lingering:
            linger?.lastByteAt = now
        case .closed:
            return
        }
    }

    mutating func headArrived() { headSince = nil }

    mutating func requestEnded() { body = nil }

    /// Whether it is us who do not read the body now.
    mutating func bodyWaits(_ isWaiting: Bool, now: NIODeadline) {
        isBodyWaiting = isWaiting
        body = nil
    }

    mutating func answerEnded(now: NIODeadline) {
        waitingSince = now
        body = nil
        isBodyWaiting = false
    }

    mutating func lingers(now: NIODeadline) { linger = (now, now) }

    mutating func writability(isWritable: Bool, now: NIODeadline) {
        unwritableSince = isWritable ? nil : unwritableSince ?? now
    }

    /// The next deadline, or nil while it is we who are asked to do something.
    mutating func deadline(_ state: ConnectionState, now: NIODeadline) -> Deadline? {
        if let unwritableSince {
            return Deadline(at: unwritableSince + .seconds(limits.writeSeconds), expiry: .close)
        }
        switch state.phase {
        case .waiting:
            if let headSince {
                return Deadline(
                    at: headSince + .seconds(limits.headSeconds), expiry: .requestTimeout)
            }
            let seconds = state.hasHadRequest ? limits.idleSeconds : limits.headSeconds
            return Deadline(at: waitingSince + .seconds(seconds), expiry: .close)
        case .exchange(let exchange):
            guard !exchange.isRequestComplete, !isBodyWaiting else { return nil }
            let since = body?.since ?? now
            if body == nil { body = (now, 0) }
            return Deadline(at: since + .seconds(limits.bodySeconds), expiry: .requestTimeout)
        case .lingering:
            guard let linger else { return nil }
            return Deadline(
                at: min(
                    linger.since + .seconds(limits.lingerSeconds),
                    linger.lastByteAt + .seconds(limits.lingerIdleSeconds)),
                expiry: .close)
        case .closed:
            return nil
        }
    }

    /// A window that brought enough is followed by a new one.
    private mutating func countBody(_ count: Int, now: NIODeadline) {
        guard var window = body else {
            body = (now, count)
            return
        }
        window.bytes += count
        body = window.bytes >= limits.bodyBytesMin ? (now, 0) : window
    }
}
