import Actors
import Foundation
import Logging
import NATS
import NIOPosix
import Persistence
import Replication
import Synchronization

/// This server as a member of the cluster: connected, following every shard, and a candidate for
/// all of them.
///
/// All shards have one owner at a time. Who owns the first becomes a candidate for the others; who
/// does not gives up what it has of them. So no two servers can hold a part each and wait for the
/// other, and spreading the shards later only means another rule here.
struct ClusterMember: Sendable {
    let log: JetStreamLog
    let follower: StateFollower
    let keyring: DataKeyring
    let address: PeerAddress
    private let client: NATSClient
    private let ordinal: Int
    private let knownOwner = KnownOwner()

    private static let leading = ShardID(0)
    private static let connectMilliseconds: Int64 = 30_000
    private static let pause = Duration.milliseconds(10)

    /// - Throws: what keeps this server from being a member; nobody else has noticed it then.
    static func join(
        _ settings: Settings, keys: MasterKeys, usage: UsageState, isStopping: StopFlag,
        logger: Logger
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
        let onLost: @Sendable (ShardID) -> Void = { shard in
            Restart.asStandby(
                because: "shard \(shard) is another server's", isStopping: isStopping.isSet)
        }
        return ClusterMember(
            log: try await JetStreamLog.open(jetStream, settings: log, onLost: onLost),
            follower: StateFollower(
                shardCount: metadata.shardCount, usage: usage, onLost: onLost),
            keyring: keyring, address: address, client: client, ordinal: cluster.ordinal)
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

    private var shards: [ShardID] { (0..<log.shardCount).map { ShardID(UInt16($0)) } }

    /// Keeps the state of all shards until the log is closed.
    func follow() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for shard in shards {
                group.addTask {
                    do {
                        try await follower.follow(log.feed(of: shard), of: shard)
                    } catch let fault as DecodingFault {
                        throw StorageError.corrupt(
                            file: "the cluster's log, shard \(shard)", offset: 0,
                            reason: "its records pass their checksums and can't be understood "
                                + "(\(fault)); were they written by a newer version?")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Returns the state of everything when this server owns it, nil when it was told to stop.
    func ownership(isStopping: StopFlag) async -> RecoveredState? {
        log.setCandidate(Self.leading, rank: ordinal)
        var leads = false
        while !isStopping.isSet, !Task.isCancelled {
            let owned = await follower.owned
            if owned.contains(Self.leading) != leads {
                leads.toggle()
                for shard in shards where shard != Self.leading {
                    log.setCandidate(shard, rank: leads ? 0 : nil)
                }
            }
            if !leads { for shard in owned { log.release(shard) } }
            // Owning has begun when the feed was asked again after it said so.
            if mayRead, let state = await follower.handOver() { return state }
            try? await Task.sleep(for: Self.pause)
        }
        return nil
    }

    /// Whether everything may be shown. To be asked after it was read.
    var mayRead: Bool { shards.allSatisfy { log.mayRead($0) } }

    /// Where the requests of others are to be sent; nil when nobody is known, or it is this server.
    var owner: PeerAddress? {
        guard let status = log.status(of: Self.leading), status.role == .following,
            let owner = knownOwner.address(status.address), owner != address
        else { return nil }
        return owner
    }

    /// Gives up what is owned, so that the next one takes over at once.
    func leave() async {
        await log.close()
        client.close()
    }
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
