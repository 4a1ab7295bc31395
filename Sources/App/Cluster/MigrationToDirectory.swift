import Actors
import Logging
import NATS
import Persistence
import Replication

/// Moves the data of a stopped cluster into a new directory, from which a server of its own starts.
///
/// The newest snapshot of each shard becomes the directory's, what came after it the log: bytes and
/// ordinals stay as they are, and every one is checked on the way. The streams stay too, and say
/// that their data is elsewhere. The manifest comes last: until then the directory counts for
/// nothing.
struct MigrationToDirectory: Sendable {
    let settings: Settings
    let keys: MasterKeys
    let logger: Logger

    struct Summary: Sendable {
        var shardCount = 0
        /// In the log, behind the snapshots.
        var replayed = 0
        var records: UInt64 = 0
    }

    func run() async throws -> Summary {
        try checkTarget()
        return try await connected { registry in
            let metadata = try await stored(registry)
            let wrappedKeys = try wrapped(metadata)
            let cluster = StoppedCluster(
                registry.jetStream, id: metadata.id, shardCount: metadata.shardCount)
            let ends = try await stillEnds(of: cluster)
            var arrival = ClusterArrival(cluster, ends: ends, settings: settings)
            var directory = try await arrival.write()
            let manifest = try directory.complete(metadata: wrappedKeys)
            do {
                try await registry.setMovedAway(at: SystemWallClock().now())
                // A server that had joined before the mark would be seen by now.
                guard try await stillEnds(of: cluster) == ends else { throw Self.isOwned }
            } catch {
                try? await registry.setMovedAway(at: metadata.movedAwayAt)
                throw error
            }
            try directory.publish(manifest)
            return arrival.summary
        }
    }

    /// Opens the cluster again after it was moved, or half moved, into a directory.
    func undo() async throws {
        try await connected { registry in
            _ = try await stored(registry)
            try await registry.setMovedAway(at: nil)
        }
    }

    private func connected<Value>(
        _ body: (ClusterRegistry) async throws -> Value
    ) async throws -> Value {
        let client = try await ClusterMember.connect(settings.cluster, logger)
        defer { client.close() }
        return try await body(
            ClusterRegistry(
                jetStream: JetStream(client), settings: settings.cluster, keys: keys,
                random: SystemRandomSource()))
    }

    private func checkTarget() throws {
        do throws(StorageError) {
            try ArrivingDirectory.check(settings.dataDirectory, in: POSIXFileSystem())
        } catch {
            throw BackupFailure.of(error, in: settings.dataDirectory)
        }
    }

    private func stored(_ registry: ClusterRegistry) async throws -> ClusterMetadata {
        guard let metadata = try await ClusterRegistry.stored(in: registry.jetStream) else {
            throw ClusterRegistry.nothing
        }
        try registry.checkName(of: metadata)
        return metadata
    }

    /// The data keys as the directory keeps them: under the current master key.
    private func wrapped(_ metadata: ClusterMetadata) throws -> [UInt8] {
        let (keyring, needsRewrap) = try WrappedDataKeys.unwrap(
            metadata.wrappedKeys, with: keys.current, previous: keys.previous)
        guard needsRewrap else { return metadata.wrappedKeys }
        return WrappedDataKeys.wrap(keyring, with: keys.current, random: SystemRandomSource())
    }

    private func stillEnds(of cluster: StoppedCluster) async throws -> [UInt64] {
        switch try await cluster.watch() {
        case .still(let ends): return ends
        case .owned: throw Self.isOwned
        }
    }

    private static var isOwned: OperatorFailure {
        OperatorFailure(
            status: .dataInUse,
            text: "A server of the cluster is running: it owns shards and writes to their streams."
                + "\nStop all servers of the cluster, then do this again. The cluster is as it "
                + "was.")
    }
}
