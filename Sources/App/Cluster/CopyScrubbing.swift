import Actors
import Logging
import Persistence
import Replication
import ServiceLifecycle

/// Has all copies of the shards that this server owns looked at, now and then, one shard after the
/// other, and says what is damaged.
struct CopyScrubbing: Sendable {
    let log: JetStreamLog
    /// 0 is never.
    let intervalSeconds: Int64
    let clock: any WallClock
    let logger: Logger

    /// Between two looks whether a shard is due.
    private static let checkSeconds: Int64 = 60
    /// A shard that has just been gained waits for a part of the interval: most starts are those of
    /// a new version, and everything else is busy then.
    private static let firstPart: Int64 = 10

    /// Returns when the server is stopped.
    func run() async {
        guard intervalSeconds > 0 else { return }
        await cancelWhenGracefulShutdown {
            let firstSeconds = intervalSeconds / Self.firstPart
            let pause = Duration.seconds(min(Self.checkSeconds, max(1, firstSeconds)))
            var plan = ScrubPlan(intervalSeconds: intervalSeconds, firstSeconds: firstSeconds)
            while !Task.isCancelled {
                let owned = log.owned
                log.copies.forget { !owned.contains($0) }
                if let shard = plan.next(owned: owned, now: clock.now().seconds) {
                    await scrub(shard)
                } else {
                    try? await Task.sleep(for: pause)
                }
            }
        }
    }

    private func scrub(_ shard: ShardID) async {
        do {
            let report = try await Scrubber(log).scrub(shard)
            log.copies.record(
                CopyStandings.Standing(scrubbedAtSeconds: clock.now().seconds, report: report),
                of: shard)
            for finding in report.findings { logger.error("\(finding)") }
            if !report.serversMissed.isEmpty {
                let names = report.serversMissed.sorted().joined(separator: ", ")
                logger.notice("shard \(shard): the copies of \(names) could not be looked at")
            }
        } catch {
            // The next round is soon enough: nothing depends on it.
            logger.notice("shard \(shard) could not be scrubbed: \(error)")
        }
    }
}

/// When each shard is due. Pure.
struct ScrubPlan: Equatable, Sendable {
    private let intervalSeconds: Int64
    private let firstSeconds: Int64
    private var dueAt: [ShardID: Int64] = [:]

    init(intervalSeconds: Int64, firstSeconds: Int64) {
        self.intervalSeconds = intervalSeconds
        self.firstSeconds = firstSeconds
    }

    /// The owned shard that has waited longest beyond its time, which then counts as looked at; nil
    /// when none is due.
    mutating func next(owned: Set<ShardID>, now: Int64) -> ShardID? {
        dueAt = dueAt.filter { owned.contains($0.key) }
        for shard in owned where dueAt[shard] == nil { dueAt[shard] = now + firstSeconds }
        // A clock that was set back must not put it off for long.
        for shard in owned { dueAt[shard] = min(dueAt[shard] ?? now, now + intervalSeconds) }
        let due = dueAt.filter { $0.value <= now }.min { ($0.value, $0.key) < ($1.value, $1.key) }
        guard let shard = due?.key else { return nil }
        dueAt[shard] = now + intervalSeconds
        return shard
    }
}
