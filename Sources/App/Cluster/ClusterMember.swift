import Actors
import Foundation
import Logging
import NATS
import NIOPosix
import Persistence
import Replication
import Synchronization

/// This server as a member of the cluster: connected, with the log open, heard by the others and
/// hearing them.
struct ClusterMember: Sendable {
    let log: JetStreamLog
    let keyring: DataKeyring
    let address: PeerAddress
    let peers: ClusterPeers
    private let client: NATSClient
    private let known = KnownAddresses()

    private static let connectMilliseconds: Int64 = 30_000

    /// - Parameter onLost: a shard was lost against our will; does not return in a server.
    /// - Throws: what keeps this server from being a member; nobody else has noticed it then.
    static func join(
        _ settings: Settings, keys: MasterKeys, startedAt: Timestamp, logger: Logger,
        onLost: @escaping @Sendable (ShardID) -> Void
    ) async throws -> ClusterMember {
        let cluster = settings.cluster
        guard let address = PeerAddress(cluster.advertise) else {
            preconditionFailure("the settings were not checked")
        }
        let client = try await connect(cluster, logger)
        let jetStream = JetStream(client)
        let registry = ClusterRegistry(
            jetStream: jetStream, settings: cluster, keys: keys, random: SystemRandomSource())
        let (metadata, keyring) = try await registry.join()
        var options = ReplicatedLogSettings(
            cluster: metadata.id, shardCount: metadata.shardCount, address: cluster.advertise)
        options.replicas = cluster.replicas
        options.notice = { logger.notice("\($0)") }
        let log = try await JetStreamLog.open(jetStream, settings: options, onLost: onLost)
        return ClusterMember(
            log: log, keyring: keyring, address: address,
            peers: ClusterPeers(
                log, client, cluster, master: keys.current, startedAt: startedAt),
            client: client)
    }

    static func connect(
        _ settings: ClusterSettings, _ logger: Logger
    ) async throws -> NATSClient {
        let client = try client(settings, logger)
        client.start()
        try await client.connected(withinMilliseconds: connectMilliseconds)
        return client
    }

    /// - Throws: for files that can't be used.
    static func client(_ settings: ClusterSettings, _ logger: Logger) throws -> NATSClient {
        var terms = NATS.Session.Terms(name: "countersign \(settings.name) \(settings.ordinal)")
        terms.credentials = try settings.credentials()
        let file = settings.authoritiesFile
        let tls =
            try file.isEmpty
            ? nil
            : readable("cluster.ca_file", file) { try ClientConfiguration.tls(authorities: file) }
        return NATSClient(
            ClientConfiguration(servers: settings.addresses, terms: terms, tls: tls),
            on: MultiThreadedEventLoopGroup.singleton.next()
        ) { logger.notice("NATS: \($0)") }
    }

    /// What is made of a file with certificates.
    static func readable<Value>(
        _ setting: String, _ file: String, _ body: () throws -> Value
    ) throws(SettingsError) -> Value {
        do {
            return try body()
        } catch {
            throw SettingsError(
                setting, origin: file, "The file can't be used: \(error).",
                fix: "It has to hold certificates in PEM.")
        }
    }

    var shards: [ShardID] { log.shards }

    /// Where requests of the shard are to be sent; nil when nobody is known, or it is this server.
    func owner(of shard: ShardID) -> PeerAddress? {
        guard let status = log.status(of: shard), status.role == .following,
            status.owner != OwnerID.none
        else { return nil }
        return known.address(status.address).flatMap { $0 == address ? nil : $0 }
    }

    func disconnect() { client.close() }
}

/// What addresses say: they are asked for with every request, and there are a handful.
private final class KnownAddresses: Sendable {
    private let known = Mutex<[String: PeerAddress]>([:])

    /// More than any cluster has servers; addresses of long ago go when there are so many.
    private static let countMax = 64

    func address(_ text: String) -> PeerAddress? {
        known.withLock { known in
            if let address = known[text] { return address }
            guard let address = PeerAddress(text) else { return nil }
            if known.count >= Self.countMax { known = [:] }
            known[text] = address
            return address
        }
    }
}
