import Actors
import Foundation
import Logging
import Persistence
import ServiceLifecycle

/// Writes a snapshot when one is due, and one more when the server stops.
///
/// Due means: the log since the last snapshot has outgrown both the setting and that snapshot, or
/// the interval has passed and there is anything new. Heavy ingest so never means a snapshot every
/// few seconds. The copy is taken in one turn of each actor; encoding, compressing and writing
/// happen on a thread of their own at low priority.
struct Snapshotter: Sendable {
    let log: any EventLog
    let accounts: AccountDirectory
    let usage: UsageActor
    let alerts: AlertsActor
    let rateLimiters: RateLimiters
    let holds: ShardHolds
    /// Whether buckets are kept with the shards that their callers belong to.
    let spreadsLimits: Bool
    let clock: any WallClock
    let health: SnapshotHealth
    let intervalSeconds: Int64
    let logBytes: UInt64
    let logger: Logger
    /// One at a time: a second one would write over the first.
    private let turn = AsyncSlots(count: 1)

    /// How often the rule is looked at.
    private static let checkMilliseconds = 500

    /// - Parameter afterSnapshot: what a new snapshot and the trimmed log make possible.
    func run(afterSnapshot: @Sendable () async -> Void) async throws {
        var last = clock.now()
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .milliseconds(Self.checkMilliseconds))
            }
            let now = clock.now()
            guard isDue(since: last, at: now) else { continue }
            await takeAndReport()
            await afterSnapshot()
            last = now
        }
    }

    private func isDue(since last: Timestamp, at now: Timestamp) -> Bool {
        let bytes = log.bytesSinceSnapshot
        if bytes > max(logBytes, log.snapshotBytes) { return true }
        return bytes > 0 && now >= last.advanced(bySeconds: intervalSeconds)
    }

    func takeAndReport() async {
        let began = ContinuousClock.now
        do {
            try await take()
            health.succeeded(at: clock.now(), took: .now - began)
        } catch {
            // The log has everything; the next round tries again.
            health.failed(error, at: clock.now())
            logger.warning("snapshot not written", metadata: ["reason": "\(error)"])
        }
    }

    func take() async throws {
        await turn.take()
        let result: Result<Void, any Error>
        do {
            result = .success(try await write())
        } catch {
            result = .failure(error)
        }
        await turn.give()
        try result.get()
    }

    private func write() async throws {
        // Asked before the parts are copied: every part is then at or after it.
        let base = log.snapshotBase()
        let parts = await parts()
        try await BackgroundThread.run { [log] in try log.putSnapshot(parts, base: base) }
    }

    /// The state of everything that is here; each actor's is copied in one turn of it and encoded
    /// later.
    func parts() async -> [SnapshotPart] {
        var parts: [SnapshotPart] = []
        for (index, actor) in accounts.shards.enumerated() {
            let shard = ShardID(UInt16(index))
            guard let stay = holds.stay(of: shard) else { continue }
            var own = await actor.snapshotParts() + limitParts(of: shard)
            if shard == RecoveredState.commonShard { own += await commonParts() }
            // What came or went meanwhile is not whole.
            if holds.stay(of: shard) == stay { parts += own }
        }
        return parts
    }

    private func commonParts() async -> [SnapshotPart] {
        await accounts.installation.snapshotParts() + usage.snapshotParts()
            + alerts.snapshotParts()
    }

    /// With a log of its own a server keeps all buckets in one place.
    private func limitParts(of shard: ShardID) async -> [SnapshotPart] {
        let chunks: [[UInt8]]
        if spreadsLimits {
            chunks = await rateLimiters.snapshotChunks(of: shard, accounts.shards.count)
        } else if shard == RecoveredState.commonShard {
            chunks = await rateLimiters.snapshotChunks()
        } else {
            return []
        }
        return [
            SnapshotPart(
                kind: SnapshotPartKind.rateLimits.rawValue, shard: shard, appliedRecord: 0,
                nextChunk: OneByOne(chunks) { $0 }.next)
        ]
    }
}

/// Runs blocking work on a thread made for it, below everything else in priority.
enum BackgroundThread {
    /// Niceness of the thread: traffic always goes first.
    private static let niceness: Int32 = 10

    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                // Linux keeps a niceness per thread; failing to lower it changes nothing but speed.
                _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness)
                continuation.resume(with: Result(catching: work))
            }
            thread.name = "snapshot"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }
}

/// Ends what has expired, now and then.
struct Sweeper: Service {
    let accounts: AccountDirectory
    let clock: any WallClock

    /// Expired sessions cost memory only, so a minute is soon enough.
    private static let intervalSeconds = 60

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .seconds(Self.intervalSeconds))
            }
            guard !Task.isShuttingDownGracefully else { return }
            await accounts.sweep(at: clock.now())
        }
    }
}
