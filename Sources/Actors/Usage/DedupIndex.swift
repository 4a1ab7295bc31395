import DequeModule

/// The reports of the last 24 hours by their key, up to a number of them.
///
/// What a snapshot copies is the order alone, in blocks: the next arrival copies one block of at
/// most 32 KiB and, at 4,000,000 keys, a list of 4,000 references, and never the dictionary.
package struct DedupIndex: Sendable {
    private struct Entry: Sendable {
        let content: UInt64
        let arrivedAt: Timestamp
    }

    private var entries = BucketedDictionary<ReportKey, Entry>()
    /// In the order of arrival.
    private var blocks: Deque<[Stored]> = []
    /// Keys at the start of the first block that have left.
    private var left = 0
    package private(set) var count = 0
    /// When the newest of the keys arrived that had to go before their time.
    private(set) var evictedAt: Timestamp?
    package let keysMax: Int

    package static let windowSeconds: Int64 = 86_400
    private static let blockKeys = 1024

    package init(keysMax: Int) { self.keysMax = keysMax }

    /// The content that was accepted under this key within the window.
    package func content(of key: ReportKey, at now: Timestamp) -> UInt64? {
        guard let entry = entries[key], Self.isKnown(entry.arrivedAt, at: now) else { return nil }
        return entry.content
    }

    /// The last millisecond of the window belongs to it: an event may be exactly as old when it is
    /// reported again, and would count twice.
    private static func isKnown(_ arrivedAt: Timestamp, at now: Timestamp) -> Bool {
        arrivedAt.advanced(bySeconds: windowSeconds) >= now
    }

    package mutating func insert(_ key: ReportKey, content: UInt64, at now: Timestamp) {
        // Each key is dropped once, so this costs as much as the insertions did.
        while let oldest, !Self.isKnown(oldest.arrivedAt, at: now) { removeOldest() }
        add(Stored(key: key, content: content, arrivedAt: now))
        while count > keysMax, let oldest {
            evictedAt = max(evictedAt ?? oldest.arrivedAt, oldest.arrivedAt)
            removeOldest()
        }
    }

    private var oldest: Stored? { blocks.first?[left] }

    private mutating func add(_ stored: Stored) {
        entries[stored.key] = Entry(content: stored.content, arrivedAt: stored.arrivedAt)
        if let last = blocks.last, last.count < Self.blockKeys {
            blocks[blocks.count - 1].append(stored)
        } else {
            blocks.append([stored])
        }
        count += 1
    }

    private mutating func removeOldest() {
        let stored = blocks[0][left]
        // After the clock was set back a newer report may have taken the key's place.
        if entries[stored.key]?.arrivedAt == stored.arrivedAt { entries[stored.key] = nil }
        left += 1
        count -= 1
        if left == blocks[0].count {
            blocks.removeFirst()
            left = 0
        }
    }

    /// How far back duplicates are recognised, when the cap on keys makes that less than 24 hours.
    package func shortenedWindowSeconds(at now: Timestamp) -> Int64? {
        guard let evictedAt, Self.isKnown(evictedAt, at: now), let oldest else { return nil }
        return max(0, (now.milliseconds - oldest.arrivedAt.milliseconds) / 1000)
    }

    // MARK: Snapshots

    struct Stored: Sendable, Equatable {
        let key: ReportKey
        let content: UInt64
        let arrivedAt: Timestamp
    }

    mutating func restore(evictedAt: Timestamp?) { self.evictedAt = evictedAt }

    mutating func restore(_ stored: Stored) { add(stored) }

    /// In the order of arrival, in blocks that are shared with this index until it changes.
    var allBlocks: [ArraySlice<Stored>] {
        blocks.enumerated().map { $0.offset == 0 ? $0.element[left...] : $0.element[...] }
    }
}

extension DedupIndex: Equatable {
    /// The same keys in the same order, however they lie in blocks.
    package static func == (left: DedupIndex, right: DedupIndex) -> Bool {
        left.keysMax == right.keysMax && left.evictedAt == right.evictedAt
            && left.allBlocks.joined().elementsEqual(right.allBlocks.joined())
    }
}
