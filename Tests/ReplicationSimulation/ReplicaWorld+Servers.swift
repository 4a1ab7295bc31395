import Persistence
import Replication
import StorageSimulation

extension ReplicaWorld {
    /// A server's life begins: its replica reads the stream, and its clock ticks.
    func begin(_ index: Int) {
        servers[index].replica.setCandidate(rank: index)
        perform(index, servers[index].replica.start())
        let life = servers[index].life
        queue.add(.server(index, life: life, .tick), at: now + UInt64(dice.below(100)))
    }

    func happen(_ index: Int, _ life: UInt64, _ event: SimulatedServer.Event) {
        guard servers[index].life == life else { return }
        if now < servers[index].pausedUntil {
            // A clock that stood still ticks once when it goes on.
            if case .tick = event, servers[index].inbox.contains(where: \.isTick) { return }
            servers[index].inbox.append(event)
            return
        }
        let moment = servers[index].moment(at: now)
        switch event {
        case .tick:
            perform(index, servers[index].replica.tick(now: moment))
            queue.add(
                .server(index, life: servers[index].life, .tick), at: now + Self.tickMilliseconds)
        case .appendAnswer(let ticket, let answer):
            note("server \(index) is answered \(ticket): \(answer)")
            perform(index, servers[index].replica.answered(ticket, answer, now: moment))
        case .readAnswer(let ticket, let answer):
            perform(index, servers[index].replica.answered(ticket, answer, now: moment))
        case .delivery(let generation, let sequence, let bytes):
            guard servers[index].reader?.generation == generation else { return }
            perform(
                index, servers[index].replica.received(bytes, at: sequence, now: moment))
        case .caughtUp(let generation):
            guard servers[index].reader?.generation == generation else { return }
            perform(index, servers[index].replica.caughtUp(now: moment))
        case .steppedDown(let ticket):
            perform(index, servers[index].replica.steppedDown(ticket, now: moment))
        case .snapshot(let ticket, let tail):
            perform(
                index, servers[index].replica.found(ticket, snapshot: tail, now: moment))
        case .client(let count): append(index, count: count)
        }
    }

    func resume(_ index: Int) {
        let events = servers[index].inbox
        servers[index].inbox = []
        for event in events { happen(index, servers[index].life, event) }
    }

    // MARK: Effects

    func perform(_ index: Int, _ effects: [ReplicaEffect]) {
        for effect in effects where failure == nil { perform(index, effect) }
    }

    private func perform(_ index: Int, _ effect: ReplicaEffect) {
        let life = servers[index].life
        switch effect {
        case .append(let append):
            note("server \(index) appends after \(append.expectedLastSequence), \(append.ticket)")
            request(index, append)
        case .read(let ticket, let sequence):
            ask(index, .read(index, life: life, ticket: ticket, sequence: sequence)) {
                .readAnswer(ticket, .unavailable)
            }
        case .follow(let sequence): follow(index, after: sequence)
        case .unfollow: servers[index].reader = nil
        // The next tick is soon enough for what has to be right.
        case .wake: break
        case .stepDown(let ticket):
            ask(index, .stepDown(index, life: life, ticket: ticket)) { .steppedDown(ticket) }
        case .findSnapshot(let ticket):
            // This one is asked until it is answered.
            queue.add(.findSnapshot(index, life: life, ticket: ticket), at: now + latency())
        case .restore(let tail): restore(index, tail)
        case .deliver(let section): deliver(index, section)
        case .settled(let record): settle(index, through: record)
        case .gained(let epoch):
            tally.count(.tookOver)
            note("server \(index) owns epoch \(epoch)")
        case .released: tally.count(.released)
        case .lost:
            tally.count(.lost)
            note("server \(index) has lost the shard")
            restart(index)
        case .stopped(let reason):
            note("server \(index) stops: \(reason)")
            servers[index].hasStopped = reason
            checkStop(reason)
        case .notice(let notice):
            if case .repaired = notice { tally.count(.repaired) }
            note("server \(index): \(notice)")
        }
    }

    /// Forgets everything, as a process that was started again or one that lost its shard.
    func restart(_ index: Int) {
        let snapshot = snapshots.last
        let moment = servers[index].moment(at: now)
        servers[index].life += 1
        servers[index].replica = newReplica(after: snapshot?.tail ?? ReplicaTail(), moment)
        servers[index].values = snapshot?.values ?? []
        servers[index].pending = []
        servers[index].inbox = []
        servers[index].reader = nil
        servers[index].hasStopped = nil
        begin(index)
    }

    private func restore(_ index: Int, _ tail: ReplicaTail) {
        guard let snapshot = snapshots.last(where: { $0.tail == tail }) else {
            return fail("server \(index) restores a snapshot that does not exist")
        }
        tally.count(.restoredFromSnapshot)
        servers[index].values = snapshot.values
    }

    private func deliver(_ index: Int, _ section: LoggedSection) {
        let values = SimulatedServer.values(in: section)
        guard section.firstRecord == UInt64(servers[index].values.count) + 1,
            section.recordCount == values.count
        else { return fail("server \(index) is shown record \(section.firstRecord) out of order") }
        servers[index].values += values
    }

    private func settle(_ index: Int, through record: UInt64) {
        let count = Int(record) - servers[index].values.count
        guard count >= 0, count <= servers[index].pending.count else {
            return fail("server \(index) settles record \(record), which it does not have")
        }
        for value in servers[index].pending.prefix(count) {
            servers[index].values.append(value)
            told[UInt64(servers[index].values.count)] = value
            tally.count(.toldDurable)
        }
        servers[index].pending.removeFirst(count)
        toldRecord = max(toldRecord, record)
    }

    // MARK: Clients

    func clientAppends() {
        let index = dice.below(Self.serverCount)
        queue.add(
            .server(index, life: servers[index].life, .client(count: 1 + dice.below(3))), at: now)
        queue.add(.client, at: now + UInt64(dice.below(400)))
    }

    private func append(_ index: Int, count: Int) {
        let server = servers[index]
        var writer = ByteWriter()
        let values = (0..<UInt64(count)).map { nextValue + $0 }
        for value in values { writer.write(value) }
        let last = UInt64(server.values.count + server.pending.count)
        do throws(AppendError) {
            let result = try servers[index].replica.append(
                count: count, bytes: writer.bytes, expecting: dice.oneIn(2) ? last : nil,
                now: server.moment(at: now))
            nextValue += UInt64(count)
            tally.count(.appended)
            guard result.record == last + UInt64(count) else {
                return fail("server \(index) gives record \(result.record) after \(last)")
            }
            servers[index].pending += values
            perform(index, result.effects)
        } catch {
            switch error {
            case .fenced: tally.count(.appendFenced)
            case .full: tally.count(.appendFull)
            case .overloaded: tally.count(.appendOverloaded)
            }
        }
    }

    /// The owner's state and where it stands, as it copies them in one turn; then what only older
    /// ones needed goes.
    func takeSnapshot() {
        if now < faultsUntil { queue.add(.snapshot, at: now + 1000 + UInt64(dice.below(4000))) }
        guard let owner = servers.first(where: { $0.replica.role == .owning }),
            owner.replica.tail.sequence > snapshots.last?.tail.sequence ?? 0
        else { return }
        snapshots.append(Snapshot(tail: owner.replica.tail, values: owner.values))
        if snapshots.count > 2 { snapshots.removeFirst() }
        guard snapshots.count == 2 else { return }
        stream.trim(upTo: snapshots[0].tail.sequence)
        tally.count(.trimmed)
    }
}

extension SimulatedServer.Event {
    fileprivate var isTick: Bool { if case .tick = self { true } else { false } }
}
