import Actors
import Logging
import NATS
import Persistence
import Replication

/// Moves the data of a stopped server into the log of a cluster that has none.
///
/// The state becomes the first snapshot of each shard, before the first message of its stream and
/// with the ordinals that the log had, since ids and duplicate keys are made of them. What founds
/// the cluster is written last: until then no server takes any of it for data.
struct Migration: Sendable {
    let settings: Settings
    let keys: MasterKeys
    let logger: Logger

    /// How many records of each shard were taken over.
    typealias Summary = [UInt64]

    func run() async throws -> Summary {
        let core = try await Core.open(
            settings, keys: keys, clock: SystemWallClock(), logger: logger)
        let result: Result<Summary, any Error>
        do {
            result = .success(try await move(core))
        } catch {
            result = .failure(error)
        }
        await core.close()
        return try result.get()
    }

    private func move(_ core: Core) async throws -> Summary {
        guard let local = core.local else { preconditionFailure("opened from a directory") }
        let client = try await ClusterMember.connect(settings.cluster, logger)
        defer { client.close() }
        let jetStream = JetStream(client)
        let registry = ClusterRegistry(
            jetStream: jetStream, settings: settings.cluster, keys: keys,
            random: SystemRandomSource())
        guard try await registry.isNew() else { throw Self.occupied }
        let base = local.log.snapshotBase()
        let parts = await core.snapshotter(settings, logger: logger).parts()
        var summary: Summary = []
        for index in 0..<local.directory.shardCount {
            let shard = ShardID(UInt16(index))
            let record = base.records[shard, default: 0]
            try await write(
                parts.filter { $0.shard == shard }, upTo: record,
                StreamPlace(cluster: local.directory.id, shard: shard), jetStream)
            summary.append(record)
        }
        let metadata = ClusterMetadata(
            name: settings.cluster.name, id: local.directory.id,
            shardCount: local.directory.shardCount, wrappedKeys: local.directory.metadata)
        guard try await registry.found(metadata) else { throw Self.occupied }
        return summary
    }

    private func write(
        _ parts: [SnapshotPart], upTo record: UInt64, _ place: StreamPlace, _ jetStream: JetStream
    ) async throws {
        let names = StreamNames(place.shard)
        let preparation = StreamPreparation(jetStream)
        try await preparation.prepare(names, replicas: settings.cluster.replicas)
        guard try await jetStream.info(of: names.stream).state.lastSequence == 0 else {
            throw Self.occupied
        }
        // What an earlier attempt left here is for nobody.
        if try await jetStream.info(of: names.snapshotStream).state.lastSequence > 0 {
            try await jetStream.delete(names.snapshotStream)
            try await preparation.prepare(names, replicas: settings.cluster.replicas)
        }
        var tail = ReplicaTail()
        tail.stream.record = record
        let now = SystemWallClock().now().milliseconds
        _ = try await SnapshotStore(jetStream, names: names, place: place).write(
            parts, tail: tail, createdAtMilliseconds: UInt64(max(0, now)))
    }

    private static var occupied: SettingsError {
        SettingsError(
            "cluster.servers", origin: "NATS", "These NATS servers have data of a cluster already.",
            fix: "Use an account of NATS without streams, or remove the streams META, EV_* and "
                + "SNAP_* if they are of no use to anybody.")
    }
}
