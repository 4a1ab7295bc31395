import Persistence

/// What was appended and is in no message yet: everything that arrives while one is under way goes
/// into the next.
struct Collector: Sendable {
    private struct Group: Sendable {
        var count: Int
        var bytes: [UInt8]
    }

    private var groups: [Group] = []
    private(set) var queuedBytes = 0

    /// What one message's records may take.
    static let groupBytesMax =
        ReplicaMessage.bytesMax - ReplicaMessage.headerBytes - StreamTail.sectionHeaderBytes - 8

    var isEmpty: Bool { groups.isEmpty }

    mutating func add(count: Int, _ bytes: [UInt8]) {
        queuedBytes += bytes.count
        if let last = groups.indices.last,
            groups[last].bytes.count + bytes.count <= Self.groupBytesMax
        {
            groups[last].count += count
            groups[last].bytes += bytes
        } else {
            groups.append(Group(count: count, bytes: bytes))
        }
    }

    mutating func take() -> (count: Int, bytes: [UInt8])? {
        guard !groups.isEmpty else { return nil }
        let group = groups.removeFirst()
        queuedBytes -= group.bytes.count
        return (group.count, group.bytes)
    }
}

/// A message on its way into the stream. It stays the same until its fate is known: whoever gave
/// up on it, or changed it, could have it in the stream twice, or not at all.
struct InFlight: Sendable {
    enum Phase: Equatable, Sendable {
        case sent(ticket: UInt64)
        /// Asked of the stream itself, since the engine refused it.
        case reading(ticket: UInt64)
        case waiting(until: UInt64)
    }

    let kind: ReplicaMessage.Kind
    let bytes: [UInt8]
    /// Where the stream stands when the message is in it.
    let next: ReplicaTail
    /// Of the *first* attempt. The message may have been in the stream since then, so whatever a
    /// lease says counts from here, whichever attempt was answered.
    let firstSentAt: UInt64
    var phase: Phase
    var disagreements = 0

    var messageID: String {
        let digest = Hexadecimal.text(next.digest.high) + Hexadecimal.text(next.digest.low)
        return "\(next.epoch)-\(next.sequence)-\(digest)"
    }
}
