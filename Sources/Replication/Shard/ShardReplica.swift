import Persistence

/// One server's view of one shard's stream, and everything that it decides about it: whose the
/// shard is, what is in the stream, and what became of what was sent there.
///
/// Pure: what happens and the time go in, effects come out. So the simulation runs the same
/// decisions that a server does. Safety rests on the engine's comparison of sequences alone; clocks
/// only decide who tries, and how long reads are answered without asking.
package struct ShardReplica: Sendable {
    package enum Role: Equatable, Sendable {
        case following
        /// A take-over is under way.
        case claiming
        case owning
        /// Takes nothing more, and says so when all that it took is in the stream.
        case releasing
        /// `lost` or `stopped` has been said.
        case ended
    }

    package let place: StreamPlace
    package let owner: OwnerID
    /// Where this server can be reached, for its take-overs.
    let address: String
    let settings: ReplicaSettings

    /// Where the stream stands, verified from its beginning or from a snapshot.
    package internal(set) var tail: ReplicaTail
    package internal(set) var role = Role.following
    var inFlight: InFlight?
    var collector = Collector()
    /// The ordinal of the last record, settled or not.
    var lastRecord: UInt64
    var leaseUntil: UInt64 = 0
    package internal(set) var isFull = false
    var repair: HoleRepair?
    private var nextTicket: UInt64 = 1

    /// How long this server waits before it takes over, as one of several; nil when it does not.
    private var rank: Int?
    private var isForced = false
    private var lastHeardAt: UInt64
    private var hasCaughtUp = false
    /// The owner has given the shard up while this server listened.
    private var isReleasedNow = false

    /// - Parameter tail: where a verified snapshot stands, or the beginning.
    package init(
        _ place: StreamPlace, owner: OwnerID, address: String, after tail: ReplicaTail,
        settings: ReplicaSettings = ReplicaSettings(), now: Moment
    ) {
        precondition(settings.leaseMilliseconds < settings.takeOverMilliseconds)
        precondition(address.utf8.count <= ReplicaMessage.addressBytesMax)
        self.place = place
        self.owner = owner
        self.address = address
        self.settings = settings
        self.tail = tail
        lastRecord = tail.stream.record
        // Nothing is known of when the last message came, so the whole time has to pass again.
        lastHeardAt = now.monotonic
    }

    mutating func ticket() -> UInt64 {
        defer { nextTicket += 1 }
        return nextTicket
    }

    // MARK: Questions

    /// Whether what is in memory may be shown as the shard's state, without asking anybody. False
    /// for writes' answers, too, until they are settled.
    package func mayRead(at now: Moment) -> Bool {
        role == .owning && now.monotonic < leaseUntil
    }

    package func leaseLeft(at now: Moment) -> UInt64 {
        mayRead(at: now) ? leaseUntil - now.monotonic : 0
    }

    /// How long the stream has said nothing to a follower.
    package func silence(at now: Moment) -> UInt64 {
        guard role == .following || role == .claiming, now.monotonic > lastHeardAt else {
            return 0
        }
        return now.monotonic - lastHeardAt
    }

    /// Whether the end of the stream has been seen, so that a take-over would not have to read.
    package var isWarm: Bool {
        switch role {
        case .following: hasCaughtUp && repair == nil
        case .claiming, .owning, .releasing: true
        case .ended: false
        }
    }

    /// Whether everything up to the record is in the stream.
    package func isSettled(_ record: UInt64) -> Bool { tail.stream.record >= record }

    package var queuedBytes: Int { collector.queuedBytes }

    // MARK: Orders

    package mutating func start() -> [ReplicaEffect] { [.follow(after: tail.sequence)] }

    /// From now on this server takes the shard over when its owner is silent or gives it up.
    ///
    /// - Parameter rank: 0 for the first choice; nil to leave it to others.
    package mutating func setCandidate(rank: Int?) { self.rank = rank }

    /// Takes over at once, however lively the owner is: for an operator, and for tests.
    package mutating func force(now: Moment) -> [ReplicaEffect] {
        isForced = true
        return claimIfDue(now: now)
    }

    /// Gives the shard up when all that was taken is in the stream.
    package mutating func release(now: Moment) -> [ReplicaEffect] {
        rank = nil
        isForced = false
        guard role == .owning else { return [] }
        role = .releasing
        return pump(now: now)
    }

    // MARK: The stream as it is delivered

    /// The next message of the consumer that `follow` asked for last.
    package mutating func received(
        _ bytes: [UInt8], at sequence: UInt64, now: Moment
    ) -> [ReplicaEffect] {
        guard role == .following || role == .claiming, sequence > tail.sequence else { return [] }
        guard sequence == tail.sequence + 1 else {
            return missed("a hole before \(sequence)", now: now)
        }
        guard let effects = accept(bytes, from: "a consumer", now: now) else {
            return missed("a consumer delivered it damaged", now: now)
        }
        return effects + claimIfReleased(now: now)
    }

    /// The consumer has nothing more for now.
    package mutating func caughtUp(now: Moment) -> [ReplicaEffect] {
        guard role == .following || role == .claiming else { return [] }
        if repair != nil { return missed("a consumer ends before it", now: now) }
        hasCaughtUp = true
        return claimIfDue(now: now)
    }

    /// Moves past the next message. Nil when it is not what comes next.
    mutating func accept(
        _ bytes: [UInt8], from source: String, now: Moment
    ) -> [ReplicaEffect]? {
        if let claim = inFlight, claim.next.sequence == tail.sequence + 1, claim.bytes == bytes {
            return repaired(by: source) + committed(now: now)
        }
        let section: LoggedSection?
        do throws(ReplicaFault) {
            section = try tail.advance(past: bytes, at: tail.sequence + 1, in: place)
        } catch {
            guard case .futureVersion(let version) = error else { return nil }
            return stop(.futureVersion(version))
        }
        // Somebody else's message is where a take-over was to be.
        inFlight = nil
        role = .following
        lastHeardAt = now.monotonic
        isReleasedNow = hasCaughtUp && tail.owner == .none
        lastRecord = tail.stream.record
        return repaired(by: source) + (section.map { [.deliver($0)] } ?? [])
    }

    // MARK: Time

    /// To be called several times for each of the times in the settings.
    package mutating func tick(now: Moment) -> [ReplicaEffect] {
        switch role {
        case .ended: []
        case .following: repairTick(now: now) + claimIfDue(now: now)
        case .claiming: retry(now: now)
        case .owning, .releasing: retry(now: now) + pump(now: now)
        }
    }

    // MARK: Taking over

    private mutating func claimIfDue(now: Moment) -> [ReplicaEffect] {
        guard role == .following, repair == nil, hasCaughtUp, isForced || isDue(now) else {
            return []
        }
        role = .claiming
        return send(.takeOver, epoch: tail.epoch + 1, now: now)
    }

    /// The owner has just said that it is none any more: the next one does not wait for a tick.
    private mutating func claimIfReleased(now: Moment) -> [ReplicaEffect] {
        guard isReleasedNow, role == .following, let rank else { return [] }
        let turn = turn(of: rank)
        return turn == 0 ? claimIfDue(now: now) : [.wake(afterMilliseconds: turn)]
    }

    private func isDue(_ now: Moment) -> Bool {
        guard let rank else { return false }
        let silence = now.monotonic &- lastHeardAt
        return silence >= (tail.owner == .none ? 0 : settings.takeOverMilliseconds)
            + turn(of: rank)
    }

    private func turn(of rank: Int) -> UInt64 {
        UInt64(rank)
            * (isReleasedNow ? settings.releasedRankMilliseconds : settings.rankMilliseconds)
    }

    /// The take-over is in the stream.
    mutating func claimed() -> [ReplicaEffect] {
        role = .owning
        isForced = false
        lastRecord = tail.stream.record
        return [.unfollow, .gained(epoch: tail.epoch)]
    }

    mutating func gaveUp(now: Moment) -> [ReplicaEffect] {
        role = .following
        hasCaughtUp = false
        isReleasedNow = false
        lastHeardAt = now.monotonic
        return [.released, .follow(after: tail.sequence)]
    }

    mutating func stop(_ reason: StopReason) -> [ReplicaEffect] {
        role = .ended
        inFlight = nil
        repair = nil
        leaseUntil = 0
        return [.unfollow, .stopped(reason)]
    }

    /// Goes on after a snapshot that is further than what is known.
    mutating func jump(to tail: ReplicaTail, now: Moment) -> [ReplicaEffect] {
        self.tail = tail
        lastRecord = tail.stream.record
        lastHeardAt = now.monotonic
        hasCaughtUp = false
        isReleasedNow = false
        repair = nil
        return [.restore(tail), .follow(after: tail.sequence)]
    }
}
