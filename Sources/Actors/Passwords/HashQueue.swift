import DequeModule

/// Who waits for a hashing thread, who is next, and who is told at once that it would take too
/// long.
///
/// The rule alone, without threads or a clock: `PasswordHasher` drives it. Sources take turns, one
/// piece of work each, so that a storm from one address delays that address; within a source the
/// order is that of arrival. Three limits hold: what will predictably not start within
/// `waitSecondsMax` is refused on arrival, what has not started by then is given up, and at most
/// `lengthMax` wait (the newest of the longest line makes room for a source with a shorter one).
struct HashQueue<Work> {
    /// Work that waits or is refused, as the queue hands it back.
    struct Entry {
        let id: UInt64
        let source: SourceBucket
        let work: Work
        /// Seconds on the caller's monotonic clock.
        let startBy: Double
    }

    /// What became of an arrival.
    enum Admission {
        case waiting
        /// It waits, and this one had to leave for it.
        case waitingInsteadOf(Entry)
        /// It would not start in time. The work is still the caller's.
        case refused
    }

    let threads: Int
    let lengthMax: Int
    let waitSecondsMax: Double

    /// Sources with waiting work, in the order of their turns; each is here exactly once.
    private var turns: Deque<SourceBucket> = []
    /// No line is ever empty.
    private var lines: [SourceBucket: Deque<Entry>] = [:]
    private(set) var count = 0
    private(set) var running = 0
    /// The moving average of how long one piece of work takes.
    private(set) var averageSeconds: Double

    /// - Parameter averageSeconds: the first estimate of one hash, until there are measurements.
    init(threads: Int, lengthMax: Int, waitSecondsMax: Double, averageSeconds: Double) {
        precondition(threads > 0 && lengthMax > 0 && waitSecondsMax > 0 && averageSeconds >= 0)
        self.threads = threads
        self.lengthMax = lengthMax
        self.waitSecondsMax = waitSecondsMax
        self.averageSeconds = averageSeconds
    }

    /// The weight of the newest measurement: the average follows a change within some twenty
    /// hashes.
    private static var newestWeight: Double { 0.1 }
}

// MARK: Arrival

extension HashQueue {
    /// - Parameters:
    ///   - id: unique among all that wait.
    ///   - now: seconds on a monotonic clock.
    mutating func add(
        _ work: Work, id: UInt64, source: SourceBucket, now: Double
    ) -> Admission {
        guard expectedWaitSeconds(for: source) <= waitSecondsMax * Self.admittedShare else {
            return .refused
        }
        var evicted: Entry?
        if count >= lengthMax {
            evicted = makeRoom(for: source)
            guard evicted != nil else { return .refused }
        }
        let entry = Entry(id: id, source: source, work: work, startBy: now + waitSecondsMax)
        if lines[source] == nil { turns.append(source) }
        lines[source, default: []].append(entry)
        count += 1
        return evicted.map { .waitingInsteadOf($0) } ?? .waiting
    }

    /// Of the longest wait, what an arrival may expect. Hashes slow down when everything else gets
    /// busy too; who is refused on arrival has lost nothing, who is given up at the deadline has
    /// waited for it.
    static var admittedShare: Double { 0.7 }

    /// How long work of this source would wait if it arrived now, by the average.
    ///
    /// With `own` pieces of its own before it, every other source gets at most `own` + 1 turns
    /// first.
    func expectedWaitSeconds(for source: SourceBucket) -> Double {
        let own = lines[source]?.count ?? 0
        let ahead = lines.reduce(own) { sum, line in
            line.key == source ? sum : sum + min(line.value.count, own + 1)
        }
        // One of the threads must become free for each piece ahead and then for this one.
        let toFinish = max(0, ahead + running + 1 - threads)
        return Double(toFinish) * averageSeconds / Double(threads)
    }

    /// How long somebody who is refused now should stay away: until all that waits is done.
    var retryAfterSeconds: Int {
        let seconds = (Double(count + running) * averageSeconds / Double(threads)).rounded(.up)
        return Int(min(max(seconds, 1), HashQueue.retryAfterSecondsMax))
    }

    /// The queue is never longer than some seconds of work; a longer advice would be a wrong one.
    private static var retryAfterSecondsMax: Double { 30 }

    /// Takes the newest piece of the longest line, unless the newcomer's own line would become as
    /// long as that.
    private mutating func makeRoom(for source: SourceBucket) -> Entry? {
        guard let longest = lines.max(by: { $0.value.count < $1.value.count }),
            longest.value.count > (lines[source]?.count ?? 0) + 1, let newest = longest.value.last
        else { return nil }
        return remove(id: newest.id, source: longest.key)
    }
}

// MARK: Turns

extension HashQueue {
    /// The next piece to run, which then counts as running. Call `takeExpired` first: what is late
    /// must not be started.
    mutating func next() -> Entry? {
        guard running < threads, let source = turns.popFirst(), var line = lines[source],
            let entry = line.popFirst()
        else { return nil }
        count -= 1
        running += 1
        if line.isEmpty {
            lines[source] = nil
        } else {
            lines[source] = line
            turns.append(source)
        }
        return entry
    }

    mutating func finish(seconds: Double) {
        precondition(running > 0)
        running -= 1
        averageSeconds += (max(0, seconds) - averageSeconds) * HashQueue.newestWeight
    }

    /// Everything that has not started in time. Within a line the oldest is first.
    mutating func takeExpired(now: Double) -> [Entry] {
        let late = lines.values.flatMap { line in line.prefix { $0.startBy <= now } }
        return late.compactMap { remove(id: $0.id, source: $0.source) }
    }

    /// Takes one piece back, when nobody waits for it any more. Nil when it already runs or ran.
    mutating func remove(id: UInt64, source: SourceBucket) -> Entry? {
        guard var line = lines[source], let place = line.firstIndex(where: { $0.id == id }) else {
            return nil
        }
        let entry = line.remove(at: place)
        count -= 1
        if line.isEmpty {
            lines[source] = nil
            turns.removeAll { $0 == source }
        } else {
            lines[source] = line
        }
        return entry
    }

    /// Empties the queue, for the end of the process.
    mutating func removeAll() -> [Entry] {
        let entries = turns.flatMap { lines[$0] ?? [] }
        turns = []
        lines = [:]
        count = 0
        return entries
    }
}

extension HashQueue: Sendable where Work: Sendable {}
extension HashQueue.Entry: Sendable where Work: Sendable {}
extension HashQueue.Admission: Sendable where Work: Sendable {}
