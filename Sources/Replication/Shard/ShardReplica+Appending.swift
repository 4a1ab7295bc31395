package import Persistence

extension ShardReplica {
    /// Takes records of the owner's.
    ///
    /// - Returns: the ordinal of the last of them.
    package mutating func append(
        count: Int, bytes: [UInt8], expecting: UInt64?, now: Moment
    ) throws(AppendError) -> (record: UInt64, effects: [ReplicaEffect]) {
        guard role == .owning else { throw .fenced }
        if let expecting, expecting != lastRecord { throw .fenced }
        guard !isFull else { throw .full }
        precondition(bytes.count <= Self.appendBytesMax, "one append is larger than a message")
        guard collector.queuedBytes + bytes.count <= settings.queuedBytesMax else {
            throw .overloaded
        }
        guard count > 0 else { return (lastRecord, []) }
        collector.add(count: count, bytes)
        lastRecord += UInt64(count)
        return (lastRecord, pump(now: now))
    }

    package static var appendBytesMax: Int { Collector.groupBytesMax }

    /// Sends what there is to send, when nothing is under way.
    mutating func pump(now: Moment) -> [ReplicaEffect] {
        guard inFlight == nil else { return [] }
        if let records = collector.take() {
            return send(.batch, epoch: tail.epoch, records: records, now: now)
        }
        if role == .releasing {
            // From here on somebody else may own the shard.
            leaseUntil = 0
            return send(.release, epoch: tail.epoch, now: now)
        }
        let renewal = leaseUntil &- settings.leaseMilliseconds &+ settings.heartbeatMilliseconds
        guard now.monotonic >= renewal else { return [] }
        return send(.heartbeat, epoch: tail.epoch, now: now)
    }

    mutating func send(
        _ kind: ReplicaMessage.Kind, epoch: UInt64,
        records: (count: Int, bytes: [UInt8])? = nil, now: Moment
    ) -> [ReplicaEffect] {
        let message = tail.encode(
            kind, epoch: epoch, owner: owner, place: place, writtenAtMilliseconds: now.wall,
            address: address, records: records)
        inFlight = InFlight(
            kind: kind, bytes: message.bytes, next: message.tail, firstSentAt: now.monotonic,
            phase: .waiting(until: now.monotonic))
        return retry(now: now)
    }

    /// Sends the message that is under way, again if need be, when its time has come.
    mutating func retry(now: Moment) -> [ReplicaEffect] {
        guard var message = inFlight, case .waiting(let time) = message.phase,
            now.monotonic >= time
        else { return [] }
        let ticket = ticket()
        message.phase = .sent(ticket: ticket)
        inFlight = message
        return [
            .append(
                StreamAppend(
                    ticket: ticket, bytes: message.bytes, expectedLastSequence: tail.sequence,
                    messageID: "\(place.shard)-\(message.messageID)"))
        ]
    }

    // MARK: What became of it

    package mutating func answered(
        _ ticket: UInt64, _ answer: AppendAnswer, now: Moment
    ) -> [ReplicaEffect] {
        guard let message = inFlight, message.phase == .sent(ticket: ticket) else { return [] }
        switch answer {
        case .acknowledged(let sequence):
            guard sequence == message.next.sequence else { return resolve() }
            return committed(now: now)
        case .wrongLastSequence: return resolve()
        case .duplicateUnderWay, .unavailable:
            return wait(settings.retryMilliseconds, now: now)
        case .full:
            isFull = true
            return wait(settings.refusedRetryMilliseconds, now: now)
        case .refused(let reason):
            return [.notice(.refused(reason))]
                + wait(settings.refusedRetryMilliseconds, now: now)
        }
    }

    private mutating func wait(_ milliseconds: UInt64, now: Moment) -> [ReplicaEffect] {
        inFlight?.phase = .waiting(until: now.monotonic + milliseconds)
        return []
    }

    /// The engine has another message where ours was to be, or ours from an earlier attempt: only
    /// the stream can tell.
    private mutating func resolve() -> [ReplicaEffect] {
        guard let message = inFlight else { return [] }
        let ticket = ticket()
        inFlight?.phase = .reading(ticket: ticket)
        return [.read(ticket: ticket, sequence: message.next.sequence)]
    }

    /// The answer to `resolve`; nil when it is not one.
    mutating func resolved(
        _ ticket: UInt64, _ answer: ReadAnswer, now: Moment
    ) -> [ReplicaEffect]? {
        guard let message = inFlight, message.phase == .reading(ticket: ticket) else { return nil }
        switch answer {
        case .found(let bytes) where bytes == message.bytes: return committed(now: now)
        case .found(let bytes):
            var other = tail
            do throws(ReplicaFault) {
                _ = try other.advance(past: bytes, at: message.next.sequence, in: place)
            } catch {
                if case .futureVersion(let version) = error { return stop(.futureVersion(version)) }
                return puzzled(.unreadable(sequence: other.sequence + 1, "\(error)"), now: now)
            }
            guard role == .claiming else { return lose() }
            // Somebody was faster. The consumer may be past that message already.
            return (accept(bytes, from: "the leader", now: now) ?? [])
                + [.follow(after: tail.sequence)]
        case .missing(_, let last):
            if last > tail.sequence {
                return puzzled(.unreadable(sequence: tail.sequence + 1, "no copy"), now: now)
            }
            if last == tail.sequence {
                // A new leader that was not sure of its sequence: nothing is there.
                return wait(settings.retryMilliseconds, now: now)
            }
            return puzzled(.regressed(sequence: tail.sequence, last: last), now: now)
        case .unavailable: return wait(settings.retryMilliseconds, now: now)
        }
    }

    /// The stream does not say what is where the message was to be. It may while leaders change;
    /// but not for ever.
    private mutating func puzzled(_ reason: StopReason, now: Moment) -> [ReplicaEffect] {
        let count = (inFlight?.disagreements ?? 0) + 1
        inFlight?.disagreements = count
        guard count >= settings.disagreementsMax else {
            return wait(settings.retryMilliseconds, now: now)
        }
        if case .regressed = reason { return stop(reason) }
        // Something is there, and the leader's copy is rotten. A follower can look for others.
        guard role == .claiming else { return lose() }
        inFlight = nil
        role = .following
        return [.follow(after: tail.sequence)]
    }

    private mutating func lose() -> [ReplicaEffect] {
        role = .ended
        inFlight = nil
        leaseUntil = 0
        return [.lost]
    }

    /// The message under way is in the stream.
    mutating func committed(now: Moment) -> [ReplicaEffect] {
        guard let message = inFlight else { return [] }
        inFlight = nil
        tail = message.next
        isFull = false
        leaseUntil = message.firstSentAt + settings.leaseMilliseconds
        switch message.kind {
        case .takeOver: return claimed() + pump(now: now)
        case .batch: return [.settled(record: tail.stream.record)] + pump(now: now)
        case .heartbeat: return pump(now: now)
        case .release: return gaveUp(now: now)
        }
    }
}
