import DequeModule

/// How often something was sent for each key within a sliding window, exactly: no buckets that
/// begin anew at midnight. It is made from logged attempts alone, so a restart forgets none.
package struct SendWindow<Key: Hashable & Sendable>: Sendable {
    struct Send: Sendable, Equatable {
        let key: Key
        let at: Timestamp
    }

    let seconds: Int64
    /// In the order of the log.
    private(set) var sends: Deque<Send> = []
    /// The same by key, so that a busy hour costs a caller of one number nothing.
    private var times: [Key: [Timestamp]] = [:]

    package init(seconds: Int64) { self.seconds = seconds }

    package mutating func insert(_ key: Key, at now: Timestamp) {
        while let oldest = sends.first, hasLeft(oldest.at, at: now) {
            sends.removeFirst()
            forget(oldest)
        }
        add(Send(key: key, at: now))
    }

    private mutating func forget(_ send: Send) {
        guard var known = times[send.key] else { return }
        if let place = known.firstIndex(of: send.at) { known.remove(at: place) }
        times[send.key] = known.isEmpty ? nil : known
    }

    mutating func add(_ send: Send) {
        sends.append(send)
        times[send.key, default: []].append(send.at)
    }

    /// A send counts for exactly `seconds`.
    private func hasLeft(_ at: Timestamp, at now: Timestamp) -> Bool {
        at.advanced(bySeconds: seconds) <= now
    }

    /// Nil when one more may be sent for the key; else the whole seconds until it may, at least 1.
    package func secondsUntilFree(_ key: Key, max: Int, at now: Timestamp) -> Int? {
        secondsUntilFree(times[key] ?? [], max: max, at: now)
    }

    /// The same over all keys together.
    package func secondsUntilAnyFree(max: Int, at now: Timestamp) -> Int? {
        guard sends.count >= max else { return nil }
        return secondsUntilFree(sends.map(\.at), max: max, at: now)
    }

    private func secondsUntilFree(_ times: [Timestamp], max: Int, at now: Timestamp) -> Int? {
        guard times.count >= max else { return nil }
        let counted = times.filter { !hasLeft($0, at: now) }.sorted()
        guard counted.count >= max else { return nil }
        // When this one has left, fewer than the maximum are left.
        let free = counted[counted.count - max].advanced(bySeconds: seconds)
        return Int(clamping: (free.milliseconds - now.milliseconds + 999) / 1000)
    }
}

extension SendWindow: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.seconds == right.seconds && left.sends == right.sends
    }
}
