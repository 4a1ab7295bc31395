import Persistence
import Replication

/// A server of ours in the simulation: its replica, its clock, and the state that it made of the
/// records.
struct SimulatedServer {
    /// A consumer of the stream, on one of the engine's servers.
    struct Reader {
        let generation: UInt64
        let server: Int
        var next: UInt64
    }

    /// What happens to it; kept back while it is paused.
    enum Event {
        case tick
        case appendAnswer(UInt64, AppendAnswer)
        case readAnswer(UInt64, ReadAnswer)
        case delivery(generation: UInt64, sequence: UInt64, [UInt8])
        case caughtUp(generation: UInt64)
        case steppedDown(UInt64)
        case snapshot(UInt64, ReplicaTail?)
        case client(count: Int)
    }

    var replica: ShardReplica
    /// Counts restarts: what was for an earlier life is for nobody.
    var life: UInt64 = 0
    var reader: Reader?
    /// All values in the order of their records, as far as they are known to be in the stream.
    var values: [UInt64] = []
    /// Appended and not settled.
    var pending: [UInt64] = []
    var pausedUntil: UInt64 = 0
    var inbox: [Event] = []
    /// Neither requests nor deliveries pass until then.
    var cutOffUntil: UInt64 = 0
    var hasStopped: StopReason?

    private let clockOffset: UInt64
    /// How much its clock is too fast, in thousandths.
    private let clockDrift: Int
    var wallJump: UInt64 = 0

    init(replica: ShardReplica, clockOffset: UInt64, clockDrift: Int) {
        self.replica = replica
        self.clockOffset = clockOffset
        self.clockDrift = clockDrift
    }

    func moment(at time: UInt64) -> Moment {
        Self.moment(at: time, offset: clockOffset, drift: clockDrift, jump: wallJump)
    }

    static func moment(at time: UInt64, offset: UInt64, drift: Int, jump: UInt64 = 0) -> Moment {
        Moment(
            monotonic: offset + UInt64(Int(time) + Int(time) * drift / 1000),
            wall: 1_700_000_000_000 &+ time &+ jump)
    }

    /// The values in a section, each a record of eight bytes.
    static func values(in section: LoggedSection) -> [UInt64] {
        var reader = section.reader
        var values: [UInt64] = []
        while let value = try? reader.read(UInt64.self) { values.append(value) }
        return values
    }
}
