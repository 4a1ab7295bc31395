import Actors
import Foundation
import Logging
import NATS
import NIOPosix
import Persistence
import Replication
import Synchronization

/// This server as a member of the cluster: connected, with the log open, and a candidate for the
/// shards that it is to own.
struct ClusterMember: Sendable {
    let log: JetStreamLog
    let keyring: DataKeyring
    let address: PeerAddress
    private let client: NATSClient
    private let rule: SharedRule
    private let knownOwner = KnownOwner()

    private static let connectMilliseconds: Int64 = 30_000

    /// - Parameter onLost: a shard was lost against our will; does not return in a server.
    /// - Throws: what keeps this server from being a member; nobody else has noticed it then.
    static func join(
        _ settings: Settings, keys: MasterKeys, logger: Logger,
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
        var log = ReplicatedLogSettings(
            cluster: metadata.id, shardCount: metadata.shardCount, address: cluster.advertise)
        log.replicas = cluster.replicas
        log.notice = { logger.notice("\($0)") }
        return ClusterMember(
            log: try await JetStreamLog.open(jetStream, settings: log, onLost: onLost),
            keyring: keyring, address: address, client: client,
            rule: SharedRule(
                OwnershipRule(shardCount: metadata.shardCount, ordinal: cluster.ordinal)))
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

    var shards: [ShardID] { (0..<log.shardCount).map { ShardID(UInt16($0)) } }

    // MARK: Ownership

    /// From now on this server takes its turn.
    func stand() { carryOut { $0.stand() } }

    /// Gives up everything that is owned, once all that was appended is in the log.
    func standAside() { carryOut { $0.standAside() } }

    func gained(_ shard: ShardID) { carryOut { $0.gained(shard) } }

    func ended(_ shard: ShardID) { carryOut { $0.ended(shard) } }

    var ownsAny: Bool { rule.value.withLock { !$0.owned.isEmpty } }

    private func carryOut(_ change: (inout OwnershipRule) -> [OwnershipRule.Order]) {
        // In one step: orders of two changes must not overtake each other.
        rule.value.withLock { rule in
            for order in change(&rule) {
                switch order {
                case .candidate(let shard, let rank): log.setCandidate(shard, rank: rank)
                case .release(let shard): log.release(shard)
                }
            }
        }
    }

    /// Whether everything may be shown. To be asked after it was read.
    var mayRead: Bool { shards.allSatisfy { log.mayRead($0) } }

    /// Where the requests of others are to be sent; nil when nobody is known, or it is this server.
    var owner: PeerAddress? {
        guard let status = log.status(of: OwnershipRule.leading), status.role == .following,
            status.owner != OwnerID.none
        else { return nil }
        return knownOwner.address(status.address).flatMap { $0 == address ? nil : $0 }
    }

    func disconnect() { client.close() }
}

private final class SharedRule: Sendable {
    let value: Mutex<OwnershipRule>

    init(_ rule: OwnershipRule) { value = Mutex(rule) }
}

/// The address that was read last: it is asked for with every request and changes once in months.
private final class KnownOwner: Sendable {
    private let last = Mutex<(text: String, address: PeerAddress?)>(("", nil))

    func address(_ text: String) -> PeerAddress? {
        last.withLock { last in
            if last.text != text { last = (text, PeerAddress(text)) }
            return last.address
        }
    }
}
