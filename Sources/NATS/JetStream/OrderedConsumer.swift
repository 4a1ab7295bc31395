/// Delivers a stream's messages in order and without a gap: what a consumer that has to be made
/// anew now and then looks like from outside. Pure: answers and the time go in, actions come out.
///
/// A consumer numbers what it delivers. A number that is missing was lost on the way, and the
/// consumer is made anew from the message after the last that came. Whether the *stream* has a hole
/// is another question, which the reader of the messages has to ask.
package struct OrderedConsumer: Sendable {
    package enum Action: Equatable, Sendable {
        /// Ask for a consumer that begins with that message; its messages go to a subject of its
        /// own, so that those of older ones are told apart by their subscription.
        case create(number: UInt64, from: UInt64)
        /// Nothing of that consumer counts any more.
        case drop(number: UInt64)
        case deliver(StoredMessage)
        /// The server stops until it has an answer on that subject.
        case answerFlowControl(String)
        /// The server has no more than what was delivered, as of now.
        case caughtUp
    }

    package static let heartbeatMilliseconds: UInt64 = 1000
    /// So many heartbeats may be missing before a consumer counts as gone.
    static let heartbeatsMissedMax: UInt64 = 3
    /// After an attempt that failed.
    static let retryMilliseconds: UInt64 = 250

    private enum Phase: Equatable, Sendable {
        case idle
        case creating(since: UInt64)
        case running
        case waiting(until: UInt64)
        case stopped
    }

    private var phase = Phase.idle
    private var number: UInt64 = 0
    private var lastHeardAt: UInt64 = 0
    private var consumerSequence: UInt64 = 0
    /// The stream's sequence of the last message that was delivered.
    package private(set) var lastSequence: UInt64

    package init(after sequence: UInt64) { lastSequence = sequence }

    package mutating func start(now: UInt64) -> [Action] {
        phase == .idle ? create(now: now) : []
    }

    package mutating func stop() -> [Action] {
        phase = .stopped
        return [.drop(number: number)]
    }

    /// Begins again after another message, with another consumer: what was delivered can't be used.
    package mutating func restart(after sequence: UInt64, now: UInt64) -> [Action] {
        guard phase != .stopped else { return [] }
        lastSequence = sequence
        return [.drop(number: number)] + create(now: now)
    }

    private mutating func create(now: UInt64) -> [Action] {
        number += 1
        consumerSequence = 0
        lastHeardAt = now
        phase = .creating(since: now)
        return [.create(number: number, from: lastSequence + 1)]
    }

    package mutating func created(number: UInt64, now: UInt64) -> [Action] {
        // Messages may have come before the answer did.
        guard number == self.number, case .creating = phase else { return [] }
        lastHeardAt = now
        phase = .running
        return []
    }

    package mutating func failed(number: UInt64, now: UInt64) -> [Action] {
        guard number == self.number, phase != .stopped else { return [] }
        phase = .waiting(until: now + Self.retryMilliseconds)
        return [.drop(number: number)]
    }

    package mutating func tick(now: UInt64) -> [Action] {
        switch phase {
        case .idle, .stopped: return []
        case .waiting(let time): return now >= time ? create(now: now) : []
        case .creating, .running:
            let limit = Self.heartbeatMilliseconds * Self.heartbeatsMissedMax
            guard now &- lastHeardAt > limit else { return [] }
            return [.drop(number: number)] + create(now: now)
        }
    }

    package mutating func received(
        _ message: Message, number: UInt64, now: UInt64
    ) -> [Action] {
        guard number == self.number, phase != .stopped else { return [] }
        if case .waiting = phase { return [] }
        lastHeardAt = now
        if message.headers?.status == Headers.control { return control(message, now: now) }
        guard let reply = message.reply, let place = DeliveryPlace(reply: reply) else { return [] }
        guard place.consumerSequence == consumerSequence + 1 else {
            return restart(after: lastSequence, now: now)
        }
        consumerSequence = place.consumerSequence
        lastSequence = place.streamSequence
        let stored = StoredMessage(
            sequence: place.streamSequence, subject: message.subject, headers: message.headers,
            payload: message.payload)
        return [.deliver(stored)] + (place.pending == 0 ? [.caughtUp] : [])
    }

    private mutating func control(_ message: Message, now: UInt64) -> [Action] {
        // A request for flow control is to be answered where it says; a heartbeat of a consumer
        // that waits for such an answer repeats the subject.
        if let reply = message.reply { return [.answerFlowControl(reply)] }
        var actions: [Action] = []
        if let stalled = message.headers?["Nats-Consumer-Stalled"] {
            actions.append(.answerFlowControl(stalled))
        }
        if let last = message.headers?["Nats-Last-Consumer"].flatMap({ UInt64($0) }) {
            guard last == consumerSequence else {
                return actions + restart(after: lastSequence, now: now)
            }
            actions.append(.caughtUp)
        }
        return actions
    }
}
