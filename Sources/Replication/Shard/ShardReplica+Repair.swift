/// What is tried for a message that a consumer left out or delivered damaged. One server's copy may
/// be rotten while the others are whole, and the engine does not say so.
struct HoleRepair: Sendable {
    enum Phase: Equatable, Sendable {
        /// The stream's leader is asked.
        case reading(ticket: UInt64)
        /// The engine does not answer; it is asked again.
        case waiting(until: UInt64)
        /// The leader's stream begins later: it was trimmed, if there is a snapshot.
        case findingSnapshot(ticket: UInt64)
        /// Another consumer is tried, which may live on another server.
        case following(until: UInt64)
        case steppingDown(ticket: UInt64)
        /// The next leader is being elected.
        case settling(until: UInt64)
    }

    let sequence: UInt64
    var reason: String
    var phase: Phase
    var readers = 0
    var stepDowns = 0
    var looksForSnapshot = true
}

extension ShardReplica {
    /// The next message did not come as it must.
    mutating func missed(_ reason: String, now: Moment) -> [ReplicaEffect] {
        let sequence = tail.sequence + 1
        guard let known = repair, known.sequence == sequence else {
            // A take-over that is under way settles by itself whether it is that message.
            guard inFlight == nil else { return [] }
            repair = HoleRepair(
                sequence: sequence, reason: reason, phase: .waiting(until: now.monotonic))
            return [.notice(.damaged(sequence: sequence, reason: reason))] + readAgain()
        }
        repair?.reason = reason
        guard case .following = known.phase else { return [] }
        return tryConsumer(now: now)
    }

    private mutating func readAgain() -> [ReplicaEffect] {
        guard let sequence = repair?.sequence else { return [] }
        let ticket = ticket()
        repair?.phase = .reading(ticket: ticket)
        return [.read(ticket: ticket, sequence: sequence)]
    }

    /// The answer to any `read`.
    package mutating func answered(
        _ ticket: UInt64, _ answer: ReadAnswer, now: Moment
    ) -> [ReplicaEffect] {
        if let effects = resolved(ticket, answer, now: now) { return effects }
        guard let repair, repair.phase == .reading(ticket: ticket) else { return [] }
        switch answer {
        case .found(let bytes):
            if let effects = accept(bytes, from: "the leader", now: now) {
                // What the consumer had delivered behind it was not looked at.
                return role == .ended ? effects : effects + [.follow(after: tail.sequence)]
            }
            self.repair?.reason = "the leader's copy is damaged"
            return tryConsumer(now: now)
        case .missing(let first, _):
            guard first > repair.sequence, repair.looksForSnapshot else {
                self.repair?.reason = "the leader does not have it"
                return tryConsumer(now: now)
            }
            let ticket = self.ticket()
            self.repair?.phase = .findingSnapshot(ticket: ticket)
            return [.findSnapshot(ticket: ticket)]
        case .unavailable:
            self.repair?.phase = .waiting(until: now.monotonic + settings.retryMilliseconds)
            return []
        }
    }

    /// - Parameter tail: where the newest snapshot stands; nil when there is none.
    package mutating func found(
        _ ticket: UInt64, snapshot tail: ReplicaTail?, now: Moment
    ) -> [ReplicaEffect] {
        guard let repair, repair.phase == .findingSnapshot(ticket: ticket) else { return [] }
        if let tail, tail.sequence >= repair.sequence { return jump(to: tail, now: now) }
        // No trimming goes beyond a snapshot, so this is a hole like any other.
        self.repair?.looksForSnapshot = false
        return tryConsumer(now: now)
    }

    private mutating func tryConsumer(now: Moment) -> [ReplicaEffect] {
        guard let repair else { return [] }
        guard repair.readers < settings.readersMax else { return stepDown() }
        self.repair?.readers += 1
        self.repair?.phase = .following(until: now.monotonic + settings.readerMilliseconds)
        return [.follow(after: tail.sequence)]
    }

    private mutating func stepDown() -> [ReplicaEffect] {
        guard let repair else { return [] }
        guard repair.stepDowns < settings.stepDownsMax else {
            return stop(.unreadable(sequence: repair.sequence, repair.reason))
        }
        self.repair?.stepDowns += 1
        self.repair?.readers = 0
        let ticket = ticket()
        self.repair?.phase = .steppingDown(ticket: ticket)
        return [.stepDown(ticket: ticket)]
    }

    /// Whether or not the leader obeyed: what comes next is the same.
    package mutating func steppedDown(_ ticket: UInt64, now: Moment) -> [ReplicaEffect] {
        guard repair?.phase == .steppingDown(ticket: ticket) else { return [] }
        repair?.phase = .settling(until: now.monotonic + settings.stepDownMilliseconds)
        return []
    }

    mutating func repairTick(now: Moment) -> [ReplicaEffect] {
        switch repair?.phase {
        case .waiting(let time), .settling(let time):
            return now.monotonic >= time ? readAgain() : []
        case .following(let time):
            return now.monotonic >= time ? tryConsumer(now: now) : []
        case .reading, .findingSnapshot, .steppingDown, nil: return []
        }
    }

    /// To be called when the next message was there.
    mutating func repaired(by source: String) -> [ReplicaEffect] {
        guard let sequence = repair?.sequence else { return [] }
        repair = nil
        return [.notice(.repaired(sequence: sequence, by: source))]
    }
}
