import DequeModule

/// The idempotency keys of the last 24 hours with what became of them, up to a number of them.
package struct SendKeyIndex: Sendable {
    struct Entry: Sendable, Equatable {
        let name: KeyedHash
        /// What was asked for under this key; anything else under it is a mistake of the caller's.
        let request: KeyedHash
        let attempt: UInt64
        let at: Timestamp
        /// Nil while the attempt is under way, or was when the server ended.
        var answer: SMSAnswer?
    }

    private var entries = BucketedDictionary<KeyedHash, Entry>()
    struct Place: Sendable {
        let name: KeyedHash
        let attempt: UInt64
        let at: Timestamp
    }

    /// In the order of the log; those whose key was freed or used again are still in here.
    private(set) var order: Deque<Place> = []

    package static let windowSeconds: Int64 = 86_400
    /// About 40 MB with their answers; more than one message a second, all day. The oldest go
    /// first.
    package static let keysMax = 100_000

    func entry(_ name: KeyedHash, at now: Timestamp) -> Entry? {
        guard let entry = entries[name], Self.isKnown(entry.at, at: now) else { return nil }
        return entry
    }

    /// The last millisecond of the window belongs to it.
    private static func isKnown(_ at: Timestamp, at now: Timestamp) -> Bool {
        at.advanced(bySeconds: windowSeconds) >= now
    }

    mutating func insert(_ entry: Entry) {
        while let oldest = order.first,
            order.count >= Self.keysMax || !Self.isKnown(oldest.at, at: entry.at)
        {
            order.removeFirst()
            if entries[oldest.name]?.attempt == oldest.attempt { entries[oldest.name] = nil }
        }
        restore(entry)
    }

    mutating func settle(_ name: KeyedHash, attempt: UInt64, _ answer: SMSAnswer) {
        entries.update(name) { if $0.attempt == attempt { $0.answer = answer } }
    }

    mutating func free(_ name: KeyedHash, attempt: UInt64) {
        if entries[name]?.attempt == attempt { entries[name] = nil }
    }

    // MARK: Snapshots

    mutating func restore(_ entry: Entry) {
        entries[entry.name] = entry
        order.append(Place(name: entry.name, attempt: entry.attempt, at: entry.at))
    }

    /// What is at this place still.
    func entry(at place: Place) -> Entry? {
        guard let entry = entries[place.name], entry.attempt == place.attempt else { return nil }
        return entry
    }
}

extension SendKeyIndex: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.order.compactMap(left.entry) == right.order.compactMap(right.entry)
    }
}
