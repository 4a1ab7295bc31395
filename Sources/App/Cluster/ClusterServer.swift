import Actors
import Foundation
import Logging
import NIOSSL
import Persistence
import Replication

/// What makes a server one of several: it is built whole before it owns anything, follows the log,
/// takes shards over when its turn comes, and can give each up and get it again.
struct ClusterServer: Sendable {
    let process: Server.Process
    let core: Core
    let member: ClusterMember
    let gates: ServingGates
    let calls: RoutedShardCalls
    let desk: OperatorDesk

    static func run(_ process: Server.Process, keys: MasterKeys) async throws {
        var process = process
        let settings = process.settings
        let file = settings.cluster.peerAuthoritiesFile
        let peerTLS = try ClusterMember.readable("cluster.peer_ca_file", file) {
            try OwnerConnector.tls(authorities: file)
        }
        let member = try await ClusterMember.join(
            settings, keys: keys, startedAt: process.clock.now(), logger: process.logger,
            onLost: restart(process))
        let gates = ServingGates(shardCount: member.log.shardCount) { member.log.mayRead($0) }
        process.http.router = router(process, keys, member, gates, peerTLS)
        // Where the socket for operators is.
        try FileManager.default.createDirectory(
            atPath: settings.dataDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let desk = OperatorDesk()
        let core = try await Core.empty(
            settings, keys: keys, keyring: member.keyring, log: member.log, clock: process.clock,
            routing: routing(process, member, gates, desk))
        guard let calls = core.calls else { preconditionFailure("made by the routing") }
        let server = ClusterServer(
            process: process, core: core, member: member, gates: gates, calls: calls, desk: desk)
        try await Server.serve(core, process, in: server)
        await core.close()
        member.disconnect()
    }

    private static func restart(_ process: Server.Process) -> @Sendable (ShardID) -> Void {
        { [isStopping = process.isStopping] shard in
            Restart.asStandby(
                because: "shard \(shard) is another server's", isStopping: isStopping.isSet)
        }
    }

    private static func router(
        _ process: Server.Process, _ keys: MasterKeys, _ member: ClusterMember,
        _ gates: ServingGates, _ peerTLS: NIOSSLContext
    ) -> RouterParts {
        let (ids, clock) = (process.ids, process.clock)
        let date = HTTPDate()
        return RouterParts(
            homes: RequestHomes(shardCount: member.log.shardCount),
            place: { shard, pace in
                if let permit = gates[shard].enter(pace) { return .here(permit) }
                return member.owner(of: shard).map { .away($0) } ?? .unknown
            },
            owner: { member.owner(of: $0) }, connector: OwnerConnector(tls: peerTLS),
            seal: HopSeal(keys.current),
            visitor: LoopVisitor(
                ids: ids,
                sources: SourceResolver(
                    trustedProxies: process.http.trustedProxies, isInCluster: true),
                clock: clock),
            refusal: { RefusalAnswer($0, ids: ids, date: date.text(at: clock.now())) })
    }

    private static func routing(
        _ process: Server.Process, _ member: ClusterMember, _ gates: ServingGates,
        _ desk: OperatorDesk
    ) -> Core.Routing {
        let (log, clock, logger) = (member.log, process.clock, process.logger)
        return { shards, installation, limiters, holds in
            let local = LocalShardCalls(accounts: shards, installation: installation) { shard in
                holds.holds(shard) && log.mayRead(shard)
            }
            let answerer = ShardAnswerer(
                directory: log, local: local, limiters: limiters, desk: desk, clock: clock,
                gates: gates)
            return member.peers.calls(answerer, logger: logger)
        }
    }

    var metrics: ClusterMetrics { ClusterMetrics(log: member.log, gates: gates) }

    // MARK: Services

    /// Follows the log for as long as the server runs.
    ///
    /// - Parameter begin: what is to be settled before anybody is served.
    func following(begin: @escaping @Sendable () async -> Void) -> Following {
        let keeper = OwnedShards(
            core: core, gates: gates, settle: begin, logger: process.logger)
        let follower = StateFollower(
            shardCount: member.log.shardCount,
            usage: Core.usage(process.settings, core.catalog), keeper: keeper,
            onLost: Self.restart(process))
        let scrubbing = CopyScrubbing(
            log: member.log, intervalSeconds: Int64(process.settings.cluster.scrubSeconds),
            clock: process.clock, logger: process.logger)
        return Following(server: self, follower: follower, scrubbing: scrubbing)
    }

    var departure: Departure { Departure(server: self) }
}
