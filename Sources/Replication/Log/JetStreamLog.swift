package import NATS
import NIOCore
package import Persistence

/// The log of a cluster: one stream for each shard, each owned by one server at a time.
///
/// A server follows every shard (`feed`), becomes a candidate for those that it is to own, and may
/// append to a shard between `gained` and `lost` or `released`. What it appended is settled when a
/// majority of the engine's servers has it on their disks, or lost when another owns the shard.
package final class JetStreamLog: EventLog {
    package let shardCount: Int
    package let settings: ReplicatedLogSettings
    /// What scrubbing has found.
    package let copies = CopyStandings()
    let drivers: [ShardDriver]
    let jetStream: JetStream
    private let onLost: @Sendable (ShardID) -> Void

    private static let tickMilliseconds: Int64 = 50

    /// Makes or checks the streams, and begins to follow all shards.
    ///
    /// - Parameters:
    ///   - jetStream: of a client that has been started.
    ///   - onLost: called when somebody waits with `durable` for what is lost; must not return in a
    ///     server. Callers of `settled` do not need it.
    package static func open(
        _ jetStream: JetStream, settings: ReplicatedLogSettings,
        onLost: @escaping @Sendable (ShardID) -> Void
    ) async throws(ClusterError) -> JetStreamLog {
        if let limit = jetStream.client.serverInfo?.maxPayload, limit < ReplicaMessage.bytesMax {
            throw .payloadLimit(bytes: limit)
        }
        let preparation = StreamPreparation(jetStream)
        for shard in 0..<settings.shardCount {
            try await preparation.prepare(
                StreamNames(ShardID(UInt16(shard))), replicas: settings.replicas)
        }
        let log = JetStreamLog(jetStream, settings: settings, onLost: onLost)
        log.start()
        return log
    }

    init(
        _ jetStream: JetStream, settings: ReplicatedLogSettings,
        onLost: @escaping @Sendable (ShardID) -> Void
    ) {
        self.jetStream = jetStream
        self.settings = settings
        self.onLost = onLost
        shardCount = settings.shardCount
        drivers = (0..<settings.shardCount).map { shard in
            ShardDriver(ShardID(UInt16(shard)), settings: settings, jetStream: jetStream)
        }
    }

    private func start() {
        for driver in drivers { driver.begin() }
        jetStream.client.eventLoop.scheduleRepeatedTask(
            initialDelay: .milliseconds(Self.tickMilliseconds),
            delay: .milliseconds(Self.tickMilliseconds)
        ) { [drivers] task in
            for driver in drivers { driver.tick() }
            if drivers.allSatisfy(\.isClosed) { task.cancel() }
        }
    }

    func driver(_ shard: ShardID) -> ShardDriver { drivers[Int(shard.rawValue)] }

    // MARK: Ownership

    /// What has to be known to keep the shard's state in memory. One task asks for it.
    package func feed(of shard: ShardID) -> ShardFeed { driver(shard).feed }

    /// From now on this server takes the shard over when its owner is silent or gives it up.
    ///
    /// - Parameter rank: 0 for the first choice, 1 for the next; nil to leave it to others.
    package func setCandidate(_ shard: ShardID, rank: Int?) {
        let driver = driver(shard)
        guard driver.setCandidate(rank) else { return }
        // What nobody owns is taken over now and not with the next tick.
        jetStream.client.eventLoop.execute { driver.step { $0.tick(now: $1) } }
    }

    /// Gives the shard up once everything that was appended is in its stream; `released` follows.
    package func release(_ shard: ShardID) {
        let driver = driver(shard)
        jetStream.client.eventLoop.execute {
            driver.setCandidate(nil)
            driver.step { $0.release(now: $1) }
        }
    }

    /// Takes the shard over although its owner may be well: for an operator who knows better, and
    /// for tests.
    package func force(_ shard: ShardID) {
        let driver = driver(shard)
        jetStream.client.eventLoop.execute { driver.step { $0.force(now: $1) } }
    }

    /// Whether this server may show the shard's state, or answer from it, without asking anybody.
    /// To be asked after the state was read, right before the answer is given.
    package func mayRead(_ shard: ShardID) -> Bool { driver(shard).mayRead }

    package func status(of shard: ShardID) -> ShardStatus? { driver(shard).status }

    // MARK: Appending

    package var appendBytesMax: Int { ShardReplica.appendBytesMax }

    package func append(
        _ batch: RecordBatch, to shard: ShardID, expecting: UInt64?
    ) throws(AppendError) -> LogPosition {
        try driver(shard).append(batch, expecting: expecting)
    }

    package func isDurable(_ position: LogPosition) -> Bool {
        driver(position.shard).settlement(of: position) == .durable
    }

    package func settled(_ position: LogPosition) async -> Settlement {
        await withCheckedContinuation { continuation in
            whenSettled(position) { continuation.resume(returning: $0) }
        }
    }

    package func whenSettled(
        _ position: LogPosition, _ body: @escaping @Sendable (Settlement) -> Void
    ) {
        driver(position.shard).whenSettled(position, body)
    }

    package func durable(through position: LogPosition) async {
        if await settled(position) == .lost { onLost(position.shard) }
    }

    package func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void) {
        whenSettled(position) { [onLost] settlement in
            if settlement == .lost { onLost(position.shard) }
            body()
        }
    }

    package var hasRoom: Bool { !drivers.contains { $0.status?.isFull == true } }

    /// Gives up every shard that is owned, waits a little for that, and ends.
    package func close() async {
        for driver in drivers { release(driver.names.shard) }
        let deadline = ContinuousClock.now + Self.closePatience
        while drivers.contains(where: { $0.status?.role.isInCharge == true }),
            ContinuousClock.now < deadline
        {
            try? await Task.sleep(for: .milliseconds(10))
        }
        for driver in drivers { driver.close() }
    }

    /// Whoever can't give a shard up in that time leaves it to the others to notice.
    private static let closePatience = Duration.seconds(5)
}

extension ShardReplica.Role {
    fileprivate var isInCharge: Bool { self == .owning || self == .releasing }
}
