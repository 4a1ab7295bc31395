import Replication
import StorageSimulation

/// A stream as a correct engine keeps it, on three servers whose disks may rot. It compares what an
/// append expects exactly, as the real one does; what is unreliable is everything around it.
struct SimulatedStream {
    struct Stored {
        let bytes: [UInt8]
        let messageID: String
        let at: UInt64
    }

    enum Damage {
        case hole
        case flipped(bit: Int)
    }

    static let serverCount = 3

    /// Everything that was ever stored, trimmed or not: the truth.
    private(set) var stored: [Stored] = []
    private var sequences: [String: UInt64] = [:]
    private(set) var first: UInt64 = 1
    private(set) var damage = [[UInt64: Damage]](repeating: [:], count: serverCount)
    private(set) var leader = 0
    /// Nothing is answered before: an election.
    private(set) var availableFrom: UInt64 = 0
    /// Until then the leader may refuse what fits.
    private var unsureUntil: UInt64 = 0
    var isFull = false
    let duplicateWindowMilliseconds: UInt64

    init(duplicateWindowMilliseconds: UInt64) {
        self.duplicateWindowMilliseconds = duplicateWindowMilliseconds
    }

    var last: UInt64 { UInt64(stored.count) }

    func isAvailable(at time: UInt64) -> Bool { time >= availableFrom }

    mutating func append(
        _ append: StreamAppend, at time: UInt64, dice: Dice
    ) -> AppendAnswer {
        // What was stored with that id comes before everything else.
        if let sequence = sequences[append.messageID],
            time - stored[Int(sequence) - 1].at <= duplicateWindowMilliseconds
        {
            return dice.oneIn(6) ? .duplicateUnderWay : .acknowledged(sequence: sequence)
        }
        if time < unsureUntil, dice.oneIn(3) { return .wrongLastSequence }
        guard append.expectedLastSequence == last else { return .wrongLastSequence }
        guard !isFull else { return .full }
        stored.append(Stored(bytes: append.bytes, messageID: append.messageID, at: time))
        sequences[append.messageID] = last
        return .acknowledged(sequence: last)
    }

    /// The message as that server's disk has it.
    func copy(of sequence: UInt64, on server: Int) -> [UInt8]? {
        guard sequence >= first, sequence <= last else { return nil }
        var bytes = stored[Int(sequence) - 1].bytes
        switch damage[server][sequence] {
        case nil: return bytes
        case .hole: return nil
        case .flipped(let bit):
            bytes[bit / 8 % bytes.count] ^= 1 << UInt8(bit % 8)
            return bytes
        }
    }

    func read(_ sequence: UInt64) -> ReadAnswer {
        copy(of: sequence, on: leader).map { .found($0) } ?? .missing(first: first, last: last)
    }

    mutating func elect(_ server: Int, at time: UInt64, takes milliseconds: UInt64) {
        leader = server
        availableFrom = max(availableFrom, time + milliseconds)
        unsureUntil = availableFrom + 500
    }

    mutating func rot(_ sequence: UInt64, on server: Int, _ kind: Damage) {
        damage[server][sequence] = kind
    }

    /// Whether some server has a whole copy.
    func isReadable(_ sequence: UInt64) -> Bool {
        damage.contains { $0[sequence] == nil }
    }

    mutating func trim(upTo sequence: UInt64) { first = max(first, sequence + 1) }
}
