import Actors
import Logging
import NATS
import Persistence
import Replication

/// This server among the others of its cluster: they hear that it lives, it hears of them, the
/// shards are spread over all, and what concerns a shard of another is asked there.
///
/// Built once there is a log, before the actors; `answer` is told what to answer from as soon as
/// they are there.
struct ClusterPeers: Sendable {
    let membership: Membership
    let caller: PeerCaller
    private let log: JetStreamLog
    private let client: NATSClient
    private let seal: PeerSeal

    /// - Parameters:
    ///   - client: the log's, or one of its own.
    ///   - startedAt: of this process.
    init(
        _ log: JetStreamLog, _ client: NATSClient, _ settings: ClusterSettings,
        master: MasterKey, startedAt: Timestamp
    ) {
        self.log = log
        self.client = client
        let me = log.settings.owner
        let cluster = log.settings.cluster
        seal = PeerSeal(master.derived(for: "cluster call").value, me: me)
        caller = PeerCaller(client, seal: seal, cluster: cluster)
        membership = Membership(
            MemberAnnouncement(
                id: me, address: settings.advertise, ordinal: settings.ordinal,
                version: Version.text,
                startedAtMilliseconds: UInt64(max(0, startedAt.milliseconds))),
            of: cluster, on: client
        ) { ShardSpreader.warm(log) }
    }

    /// What asks the owner of each shard, whichever server that is.
    func calls(_ answerer: ShardAnswerer, logger: Logger) -> RoutedShardCalls {
        RoutedShardCalls(directory: log, answerer: answerer, peers: caller, logger: logger)
    }

    /// Begins to answer what the others ask.
    func listen(_ calls: RoutedShardCalls) -> PeerListener {
        let listener = PeerListener(client, seal: seal, cluster: log.settings.cluster) { bytes in
            await calls.answerer.answer(bytes, asking: calls)
        }
        listener.start()
        return listener
    }

    /// Spreads the shards until the task is cancelled.
    ///
    /// - Parameter handOver: gives a shard up in good order, and returns when that is done or can't
    ///   be.
    func spread(handOver: @escaping @Sendable (ShardID) async -> Void) async {
        await ShardSpreader(log, membership) { await handOver($0.shard) }.run()
    }
}
