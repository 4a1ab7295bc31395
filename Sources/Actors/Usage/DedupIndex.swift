import DequeModule

/// The reports of the last 24 hours by their key, up to a number of them.
package struct DedupIndex: Sendable {
    fileprivate struct Entry: Sendable {
        let content: UInt64
        let arrivedSecond: Int64
    }

    private var entries = BucketedDictionary<ReportKey, Entry>()
    /// In the order of arrival.
    private var order: Deque<ReportKey> = []
    private var evictedSecond: Int64?
    private let keysMax: Int

    package static let windowSeconds: Int64 = 86_400

    package init(keysMax: Int) { self.keysMax = keysMax }

    package var count: Int { order.count }

    /// The content that was accepted under this key within the window.
    package func content(of key: ReportKey, at now: Timestamp) -> UInt64? {
        guard let entry = entries[key], entry.arrivedSecond + Self.windowSeconds > now.seconds
        else { return nil }
        return entry.content
    }

    package mutating func insert(_ key: ReportKey, content: UInt64, at now: Timestamp) {
        expire(at: now)
        // A key whose window is over may still be in here when the clock was set back; the newer
        // report takes its place, and the order keeps both.
        entries[key] = Entry(content: content, arrivedSecond: now.seconds)
        order.append(key)
        while order.count > keysMax {
            let oldest = order.removeFirst()
            guard let entry = entries[oldest] else { continue }
            evictedSecond = entry.arrivedSecond
            entries[oldest] = nil
        }
    }

    /// Each key is dropped once, so this costs as much as the insertions did.
    private mutating func expire(at now: Timestamp) {
        while let oldest = order.first {
            if let entry = entries[oldest] {
                guard entry.arrivedSecond + Self.windowSeconds <= now.seconds else { return }
                entries[oldest] = nil
            }
            order.removeFirst()
        }
    }

    /// How far back duplicates are recognised, when the cap on keys makes that less than 24 hours.
    package func shortenedWindowSeconds(at now: Timestamp) -> Int64? {
        guard let evictedSecond, evictedSecond + Self.windowSeconds > now.seconds,
            let oldest = order.first.flatMap({ entries[$0] })
        else { return nil }
        return max(0, now.seconds - oldest.arrivedSecond)
    }

    // MARK: Snapshots

    struct Stored: Sendable {
        let key: ReportKey
        let content: UInt64
        let arrivedSecond: Int64
    }

    var evicted: Int64? { evictedSecond }

    mutating func restore(evicted: Int64?) { evictedSecond = evicted }

    mutating func restore(_ stored: Stored) {
        entries[stored.key] = Entry(
            content: stored.content, arrivedSecond: stored.arrivedSecond)
        order.append(stored.key)
    }

    /// In the order of arrival, read while the snapshot is written.
    var stored: StoredKeys { StoredKeys(order: order, entries: entries) }

    struct StoredKeys: RandomAccessCollection, Sendable {
        fileprivate let order: Deque<ReportKey>
        fileprivate let entries: BucketedDictionary<ReportKey, Entry>

        var startIndex: Int { 0 }
        var endIndex: Int { order.count }

        /// Nil for a key that is in the order twice and was dropped.
        subscript(index: Int) -> Stored? {
            let key = order[index]
            return entries[key].map {
                Stored(key: key, content: $0.content, arrivedSecond: $0.arrivedSecond)
            }
        }
    }
}
