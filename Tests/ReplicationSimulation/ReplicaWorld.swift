import Persistence
import Replication
import StorageSimulation

/// Three servers of ours around one simulated stream, with a network in between that loses, delays
/// and repeats. A seed decides everything.
package final class ReplicaWorld {
    static let place = StreamPlace(
        cluster: DirectoryID(high: 1, low: 2), shard: ShardID(3))
    static let serverCount = 3
    static let tickMilliseconds: UInt64 = 150
    static let timeoutMilliseconds: UInt64 = 2000

    enum Event {
        /// For a server's life; its own clock decides what it makes of it.
        case server(Int, life: UInt64, SimulatedServer.Event)
        case append(Int, life: UInt64, StreamAppend, deadline: UInt64)
        case read(Int, life: UInt64, ticket: UInt64, sequence: UInt64)
        case stepDown(Int, life: UInt64, ticket: UInt64)
        case findSnapshot(Int, life: UInt64, ticket: UInt64)
        case pump(Int, life: UInt64, generation: UInt64)
        case resume(Int)
        case fault
        case client
        case snapshot
        case full(Bool)
    }

    struct Snapshot {
        let tail: ReplicaTail
        let values: [UInt64]
    }

    let dice: Dice
    var tally = ReplicaTally()
    var trace: [String]?
    var queue = EventQueue<Event>()
    var now: UInt64 = 0
    var stream: SimulatedStream
    var servers: [SimulatedServer] = []
    var snapshots: [Snapshot] = []
    /// What a client was told is durable, by record.
    var told: [UInt64: UInt64] = [:]
    var toldRecord: UInt64 = 0
    var nextValue: UInt64 = 1
    var nextOwner: UInt64 = 1
    var nextGeneration: UInt64 = 1
    /// After that nothing goes wrong any more.
    let faultsUntil: UInt64
    var failure: String?
    /// What this seed does; not every seed has everything.
    let usesRot: Bool
    let usesSnapshots: Bool
    let usesForce: Bool

    package static func run(seed: UInt64, tally: inout ReplicaTally) -> String? {
        let world = ReplicaWorld(seed: seed, isTraced: false)
        world.run()
        tally.add(world.tally)
        return world.failure
    }

    package static func trace(seed: UInt64) -> [String] {
        let world = ReplicaWorld(seed: seed, isTraced: true)
        world.run()
        return (world.trace ?? []) + (world.failure.map { ["FAILED: \($0)"] } ?? ["passed"])
    }

    init(seed: UInt64, isTraced: Bool) {
        dice = Dice(seed: seed)
        trace = isTraced ? [] : nil
        let windows: [UInt64] = [0, 1000, 120_000]
        stream = SimulatedStream(duplicateWindowMilliseconds: windows[dice.below(windows.count)])
        faultsUntil = 5000 + UInt64(dice.below(25_000))
        usesRot = dice.oneIn(3)
        usesSnapshots = dice.oneIn(2)
        usesForce = dice.oneIn(4)
        for index in 0..<Self.serverCount {
            let offset = UInt64(dice.below(1_000_000))
            let drift = dice.below(41) - 20
            let moment = SimulatedServer.moment(at: 0, offset: offset, drift: drift)
            servers.append(
                SimulatedServer(
                    replica: newReplica(after: ReplicaTail(), moment), clockOffset: offset,
                    clockDrift: drift))
            begin(index)
        }
        queue.add(.fault, at: 500)
        queue.add(.client, at: 100)
        if usesSnapshots { queue.add(.snapshot, at: 2000) }
    }

    func newReplica(after tail: ReplicaTail, _ now: Moment) -> ShardReplica {
        defer { nextOwner += 1 }
        return ShardReplica(
            Self.place, owner: OwnerID(high: 9, low: nextOwner), address: "server",
            after: tail, now: now)
    }

    func note(_ text: @autoclosure () -> String) {
        if trace != nil { trace?.append("\(now) \(text())") }
    }

    func fail(_ text: String) {
        if failure == nil { failure = "at \(now): \(text)" }
        note("FAILED \(text)")
    }

    /// So long after the last fault somebody must own the shard and answer.
    static let quietMilliseconds: UInt64 = 25_000

    func run() {
        let end = faultsUntil + Self.quietMilliseconds
        while failure == nil, let (time, event) = queue.next(), time <= end {
            now = time
            handle(event)
            checkReads()
        }
        if failure == nil { checkEnd() }
    }

    private func handle(_ event: Event) {
        switch event {
        case .server(let index, let life, let event): happen(index, life, event)
        case .append(let index, let life, let append, let deadline):
            arrive(index, life, append, deadline: deadline)
        case .read(let index, let life, let ticket, let sequence):
            guard stream.isAvailable(at: now) else {
                return answer(index, life, .readAnswer(ticket, .unavailable))
            }
            answer(index, life, .readAnswer(ticket, stream.read(sequence)))
        case .stepDown(let index, let life, let ticket):
            if stream.isAvailable(at: now) {
                stream.elect(
                    (stream.leader + 1) % SimulatedStream.serverCount, at: now, takes: 300)
            }
            answer(index, life, .steppedDown(ticket))
        case .findSnapshot(let index, let life, let ticket):
            answer(index, life, .snapshot(ticket, snapshots.last?.tail))
        case .pump(let index, let life, let generation): pump(index, life, generation)
        case .resume(let index): resume(index)
        case .fault: injectFault()
        case .client: clientAppends()
        case .snapshot: takeSnapshot()
        case .full(let isFull): stream.isFull = isFull
        }
    }
}

/// What happens next, by time; what was added first comes first.
struct EventQueue<Event> {
    private var heap: [(time: UInt64, order: UInt64, event: Event)] = []
    private var order: UInt64 = 0

    mutating func add(_ event: Event, at time: UInt64) {
        order += 1
        heap.append((time, order, event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (UInt64, Event)? {
        guard let top = heap.first else { return nil }
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if isBefore(child, best) { best = child }
            }
            guard best != parent else { break }
            heap.swapAt(parent, best)
            parent = best
        }
        return (top.time, top.event)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].order) < (heap[right].time, heap[right].order)
    }
}
