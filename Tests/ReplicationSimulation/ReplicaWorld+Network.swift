import Replication
import StorageSimulation

extension ReplicaWorld {
    var isFaulty: Bool { now < faultsUntil }

    func latency() -> UInt64 { 1 + UInt64(dice.below(4)) }

    private func isCutOff(_ index: Int) -> Bool { now < servers[index].cutOffUntil }

    /// Longer than any patience, at times.
    private func delay() -> UInt64 { UInt64(dice.below(8000)) }

    // MARK: Appends

    /// An append on its way: it may never arrive, late, or twice, and nobody can tell which.
    func request(_ index: Int, _ append: StreamAppend) {
        let life = servers[index].life
        let deadline = now + Self.timeoutMilliseconds
        queue.add(
            .server(index, life: life, .appendAnswer(append.ticket, .unavailable)), at: deadline)
        let arrival = Event.append(index, life: life, append, deadline: deadline)
        guard isFaulty else { return queue.add(arrival, at: now + latency()) }
        if isCutOff(index) || dice.oneIn(20) { return tally.count(.requestLost) }
        if dice.oneIn(15) {
            tally.count(.requestDelayed)
            return queue.add(arrival, at: now + delay())
        }
        queue.add(arrival, at: now + latency())
        if dice.oneIn(15) {
            tally.count(.requestTwice)
            queue.add(arrival, at: now + delay())
        }
    }

    func arrive(_ index: Int, _ life: UInt64, _ append: StreamAppend, deadline: UInt64) {
        guard stream.isAvailable(at: now) else { return }
        let answer = stream.append(append, at: now, dice: dice)
        note("the stream, at \(stream.last), says to server \(index): \(answer)")
        let event = Event.server(index, life: life, .appendAnswer(append.ticket, answer))
        guard isFaulty else { return queue.add(event, at: now + latency()) }
        if isCutOff(index) || dice.oneIn(15) { return tally.count(.answerLost) }
        let arrival = now + (dice.oneIn(15) ? delay() : latency())
        // What comes after the time is over finds nobody waiting.
        if arrival >= deadline { return tally.count(.answerDelayed) }
        queue.add(event, at: arrival)
    }

    // MARK: Questions

    /// A question and its answer; either may be lost, and then `failed` is the answer.
    func ask(_ index: Int, _ question: Event, failed: () -> SimulatedServer.Event) {
        if isFaulty, isCutOff(index) || dice.oneIn(15) {
            tally.count(.requestLost)
            return queue.add(
                .server(index, life: servers[index].life, failed()),
                at: now + Self.timeoutMilliseconds)
        }
        queue.add(question, at: now + latency())
    }

    func answer(_ index: Int, _ life: UInt64, _ event: SimulatedServer.Event) {
        queue.add(.server(index, life: life, event), at: now + latency())
    }

    // MARK: Consumers

    func follow(_ index: Int, after sequence: UInt64) {
        let generation = nextGeneration
        nextGeneration += 1
        servers[index].reader = SimulatedServer.Reader(
            generation: generation, server: dice.below(SimulatedStream.serverCount),
            next: sequence + 1)
        queue.add(.pump(index, life: servers[index].life, generation: generation), at: now + 5)
    }

    /// Delivers what the consumer's server has, and comes back.
    func pump(_ index: Int, _ life: UInt64, _ generation: UInt64) {
        guard servers[index].life == life, var reader = servers[index].reader,
            reader.generation == generation
        else { return }
        let isSilent = !stream.isAvailable(at: now) || isFaulty && isCutOff(index)
        let hasNews = reader.next <= stream.last
        if !isSilent {
            reader.next = max(reader.next, stream.first)
            let at = now + latency()
            var budget = 20
            while reader.next <= stream.last, budget > 0 {
                // A copy that is gone is passed over in silence, as the real one does.
                if let bytes = stream.copy(of: reader.next, on: reader.server) {
                    queue.add(
                        .server(
                            index, life: life,
                            .delivery(
                                generation: generation, sequence: reader.next, bytes)), at: at)
                }
                reader.next += 1
                budget -= 1
            }
            if reader.next > stream.last {
                queue.add(
                    .server(index, life: life, .caughtUp(generation: generation)), at: at)
            }
            servers[index].reader = reader
        }
        let pause = isFaulty && dice.oneIn(20) ? delay() / 4 : hasNews ? 50 : 200
        queue.add(.pump(index, life: life, generation: generation), at: now + pause)
    }

    // MARK: Faults

    func injectFault() {
        guard isFaulty else { return }
        queue.add(.fault, at: now + 200 + UInt64(dice.below(3000)))
        let index = dice.below(Self.serverCount)
        switch dice.below(10) {
        case 0, 1:
            tally.count(.election)
            let server = dice.below(SimulatedStream.serverCount)
            stream.elect(server, at: now, takes: UInt64(dice.below(5000)))
        case 2, 3: pause(index)
        case 4:
            tally.count(.serverRestarted)
            note("server \(index) is started again")
            servers[index].pausedUntil = 0
            restart(index)
        case 5, 6:
            tally.count(.serverCutOff)
            note("server \(index) is cut off")
            servers[index].cutOffUntil = now + UInt64(dice.below(9000))
        case 7:
            tally.count(.clockJumped)
            servers[index].wallJump = dice.next() >> 24
        case 8: rotOrFill()
        default: giveUpOrForce(index)
        }
    }

    private func pause(_ index: Int) {
        guard now >= servers[index].pausedUntil else { return }
        tally.count(.serverPaused)
        servers[index].pausedUntil = now + UInt64(dice.below(12_000))
        note("server \(index) is paused until \(servers[index].pausedUntil)")
        queue.add(.resume(index), at: servers[index].pausedUntil)
    }

    private func rotOrFill() {
        guard usesRot, stream.last > 0 else {
            tally.count(.streamFull)
            stream.isFull = true
            return queue.add(.full(false), at: now + UInt64(dice.below(4000)))
        }
        let sequence = 1 + UInt64(dice.below(Int(stream.last)))
        let isEverywhere = dice.oneIn(30)
        if isEverywhere { tally.count(.allCopiesRotten) }
        let firstServer = dice.below(SimulatedStream.serverCount)
        let count = isEverywhere ? 3 : 1 + dice.below(2)
        for offset in 0..<count {
            let server = (firstServer + offset) % SimulatedStream.serverCount
            let kind: SimulatedStream.Damage =
                dice.oneIn(2) ? .hole : .flipped(bit: dice.below(1 << 20))
            // One copy stays whole unless this is to be the end of it.
            if !isEverywhere, !wouldStayReadable(sequence, without: server) { continue }
            switch kind {
            case .hole: tally.count(.hole)
            case .flipped: tally.count(.flippedBit)
            }
            stream.rot(sequence, on: server, kind)
        }
        note("message \(sequence) rots")
    }

    private func wouldStayReadable(_ sequence: UInt64, without server: Int) -> Bool {
        stream.damage.enumerated().contains { $0.offset != server && $0.element[sequence] == nil }
    }

    private func giveUpOrForce(_ index: Int) {
        guard now >= servers[index].pausedUntil else { return }
        let moment = servers[index].moment(at: now)
        if usesForce {
            tally.count(.takeOverForced)
            perform(index, servers[index].replica.force(now: moment))
        } else {
            perform(index, servers[index].replica.release(now: moment))
            servers[index].replica.setCandidate(rank: index)
        }
    }
}
