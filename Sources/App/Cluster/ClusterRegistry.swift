import Actors
import NATS
import Persistence
import Replication

/// Reads the metadata of the cluster, and makes it when there is none.
struct ClusterRegistry: Sendable {
    let jetStream: JetStream
    let settings: ClusterSettings
    let keys: MasterKeys
    let random: SystemRandomSource

    static let stream = "META"
    private static let subject = "meta"
    /// What another server was quicker with is read in the next attempt.
    private static let attemptsMax = 20
    private static let pause = Duration.milliseconds(250)

    /// - Throws: `KeyRejection` when none of the keys opens the cluster's data keys.
    func join() async throws -> (metadata: ClusterMetadata, keyring: DataKeyring) {
        try await prepare()
        var last: any Error = JetStreamError.transport(.timeout)
        for _ in 0..<Self.attemptsMax {
            let joined: Joined?
            do throws(JetStreamError) {
                joined = try await attempt()
            } catch {
                (joined, last) = (nil, error)
            }
            if let joined { return try joined.get() }
            try await Task.sleep(for: Self.pause)
        }
        throw last
    }

    private func prepare() async throws(ClusterError) {
        try await StreamPreparation(jetStream).prepare(
            Self.configuration(replicas: settings.replicas))
    }

    static func configuration(replicas: Int) -> StreamConfiguration {
        var configuration = StreamConfiguration(name: stream, subjects: [subject])
        configuration.replicas = replicas
        return configuration
    }

    /// What there is; nil when nobody has founded a cluster on these servers.
    static func stored(in jetStream: JetStream) async throws -> ClusterMetadata? {
        let sequence = try await lastSequence(in: jetStream)
        guard sequence > 0 else { return nil }
        return try ClusterMetadata(try await jetStream.message(sequence, of: stream).payload)
    }

    /// 0 where there is no message, or no stream either.
    private static func lastSequence(
        in jetStream: JetStream
    ) async throws(JetStreamError) -> UInt64 {
        do throws(JetStreamError) {
            return try await jetStream.info(of: stream).state.lastSequence
        } catch {
            guard error.errorCode == APIErrorCode.streamNotFound else { throw error }
            return 0
        }
    }

    /// Founds a cluster with what another place has made.
    ///
    /// - Returns: false when there is one already.
    func found(_ metadata: ClusterMetadata) async throws -> Bool {
        try await prepare()
        guard try await isNew() else { return false }
        try await write(metadata, after: 0)
        return try await jetStream.message(1, of: Self.stream).payload == metadata.bytes
    }

    /// Whether nobody has founded a cluster on these servers.
    func isNew() async throws(JetStreamError) -> Bool {
        try await Self.lastSequence(in: jetStream) == 0
    }

    private typealias Joined = Result<(metadata: ClusterMetadata, keyring: DataKeyring), any Error>

    /// Nil when another attempt has to look again.
    private func attempt() async throws(JetStreamError) -> Joined? {
        let sequence = try await jetStream.info(of: Self.stream).state.lastSequence
        guard sequence > 0 else {
            try await write(fresh(), after: 0)
            return nil
        }
        let stored = try await jetStream.message(sequence, of: Self.stream).payload
        let (metadata, keyring, needsRewrap): (ClusterMetadata, DataKeyring, Bool)
        do {
            metadata = try ClusterMetadata(stored)
            try checkName(of: metadata)
            try checkIsHere(metadata)
            (keyring, needsRewrap) = try WrappedDataKeys.unwrap(
                metadata.wrappedKeys, with: keys.current, previous: keys.previous)
        } catch {
            return .failure(error)
        }
        guard needsRewrap else { return .success((metadata, keyring)) }
        var rewrapped = metadata
        rewrapped.wrappedKeys = WrappedDataKeys.wrap(keyring, with: keys.current, random: random)
        try await write(rewrapped, after: sequence)
        return nil
    }

    func checkName(of metadata: ClusterMetadata) throws(SettingsError) {
        guard metadata.name != settings.name else { return }
        throw SettingsError(
            "cluster.name", origin: "NATS",
            "These NATS servers keep the log of \"\(metadata.name)\", and not of "
                + "\"\(settings.name)\".",
            fix: "Check cluster.servers and cluster.name. Two installations need an account of "
                + "NATS each.")
    }

    private func checkIsHere(_ metadata: ClusterMetadata) throws(SettingsError) {
        guard let movedAwayAt = metadata.movedAwayAt else { return }
        throw SettingsError(
            "cluster.servers", origin: "NATS",
            "The data of this cluster was moved into a directory at \(movedAwayAt.rfc3339).",
            fix: "Start the server on that directory, without cluster: in its settings. If nothing "
                + "serves from it and nothing shall, `countersign migrate --to directory --undo` "
                + "opens the cluster again.")
    }

    private func fresh() -> ClusterMetadata {
        let name = TraceID(random: random)
        return ClusterMetadata(
            name: settings.name, id: DirectoryID(high: name.high, low: name.low),
            shardCount: DataDirectory.defaultShardCount,
            wrappedKeys: WrappedDataKeys.wrap(
                .generate(random: random), with: keys.current, random: random))
    }

    /// Another server may have been quicker; then this changes nothing.
    func write(
        _ metadata: ClusterMetadata, after sequence: UInt64
    ) async throws(JetStreamError) {
        do throws(JetStreamError) {
            _ = try await jetStream.append(
                metadata.bytes, to: Self.subject,
                expecting: .init(stream: Self.stream, lastSequence: sequence))
        } catch {
            guard error.errorCode == APIErrorCode.wrongLastSequence else { throw error }
        }
    }
}
