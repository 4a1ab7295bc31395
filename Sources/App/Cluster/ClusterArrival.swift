import Actors
import Persistence
import Replication

/// Writes what a stopped cluster's streams hold into a new directory, and follows it as a server
/// would: what can't be understood is found out before any of it counts.
struct ClusterArrival {
    private let cluster: StoppedCluster
    private let ends: [UInt64]
    private let settings: Settings
    private(set) var summary = MigrationToDirectory.Summary()

    /// - Parameter ends: the last sequence of each shard's stream.
    init(_ cluster: StoppedCluster, ends: [UInt64], settings: Settings) {
        self.cluster = cluster
        self.ends = ends
        self.settings = settings
    }

    /// - Returns: the directory, with everything in it but its manifest.
    mutating func write() async throws -> ArrivingDirectory {
        var snapshots: [SnapshotManifest?] = []
        for shard in cluster.shards { snapshots.append(try await shard.newestSnapshot()) }
        var state = RecoveredState(
            shardCount: cluster.shards.count,
            usage: Core.usage(settings, try settings.catalog()))
        let name = TraceID(random: SystemRandomSource())
        var directory = try ArrivingDirectory(
            settings.dataDirectory, in: POSIXFileSystem(),
            id: DirectoryID(high: name.high, low: name.low),
            start: .init(
                streams: snapshots.map { $0?.tail.stream ?? StreamTail() },
                hasSnapshot: snapshots.contains { $0 != nil }),
            segmentBytes: settings.logSegmentBytes)
        do {
            try await writeSnapshots(snapshots, &directory, &state)
            try await writeMessages(after: snapshots, &directory, &state)
        } catch let fault as DecodingFault {
            throw StorageError.notUnderstood(fault, in: "the cluster's log")
        }
        summary.shardCount = cluster.shards.count
        summary.replayed = state.recordsReplayed
        summary.records = directory.streams.reduce(0) { $0 + $1.record }
        return directory
    }

    private func writeSnapshots(
        _ snapshots: [SnapshotManifest?], _ directory: inout ArrivingDirectory,
        _ state: inout RecoveredState
    ) async throws {
        for (shard, snapshot) in zip(cluster.shards, snapshots) {
            guard let snapshot else { continue }
            try await shard.read(snapshot) { header, chunk in
                try state.restore(header, chunk)
                try directory.add(header, chunk: chunk)
            }
        }
        try directory.endSnapshot()
    }

    /// By the time of writing, as one server would have written them: whoever looks back in the
    /// directory goes by the time.
    private func writeMessages(
        after snapshots: [SnapshotManifest?], _ directory: inout ArrivingDirectory,
        _ state: inout RecoveredState
    ) async throws {
        var readers = zip(cluster.shards, zip(snapshots, ends)).map { shard, start in
            shard.messages(after: start.0, through: start.1)
        }
        var heads: [LoggedSection?] = []
        for index in readers.indices { heads.append(try await readers[index].next()) }
        while let (index, section) = Self.oldest(of: heads) {
            try state.replay(section)
            try directory.append(section)
            heads[index] = try await readers[index].next()
        }
        // Not only the records: each shard's own chain has to be the same to its end.
        guard directory.streams == readers.map(\.stream) else {
            throw StorageError.corrupt(
                file: settings.dataDirectory, offset: 0,
                reason: "its chains are not those of the cluster's streams")
        }
    }

    private static func oldest(
        of heads: [LoggedSection?]
    ) -> (index: Int, section: LoggedSection)? {
        heads.enumerated()
            .compactMap { index, head in head.map { (index, $0) } }
            .min { $0.1.writtenAtMilliseconds < $1.1.writtenAtMilliseconds }
    }
}
