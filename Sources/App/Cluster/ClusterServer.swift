import Actors
import Foundation
import Logging
import NIOSSL
import Persistence
import Replication

/// What makes a server one of several: it is built whole before it owns anything, follows the log,
/// takes the data over when its turn comes, and can give it up and get it again.
struct ClusterServer: Sendable {
    let process: Server.Process
    let core: Core
    let member: ClusterMember
    let gate: ServingGate

    static func run(_ process: Server.Process, keys: MasterKeys) async throws {
        var process = process
        let settings = process.settings
        let file = settings.cluster.peerAuthoritiesFile
        let peerTLS = try ClusterMember.readable("cluster.peer_ca_file", file) {
            try OwnerConnector.tls(authorities: file)
        }
        let member = try await ClusterMember.join(
            settings, keys: keys, logger: process.logger, onLost: restart(process))
        let gate = ServingGate(shardCount: member.log.shardCount) { member.mayRead }
        process.http.router = router(process, keys, member, gate, peerTLS)
        // Where the socket for operators is.
        try FileManager.default.createDirectory(
            atPath: settings.dataDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let core = try await Core.empty(
            settings, keys: keys, keyring: member.keyring, log: member.log, clock: process.clock)
        let server = ClusterServer(process: process, core: core, member: member, gate: gate)
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
        _ gate: ServingGate, _ peerTLS: NIOSSLContext
    ) -> RouterParts {
        let (ids, clock) = (process.ids, process.clock)
        let date = HTTPDate()
        return RouterParts(
            place: { pace in
                if let permit = gate.enter(pace) { return .here(permit) }
                return member.owner.map { .away($0) } ?? .unknown
            },
            owner: { member.owner }, connector: OwnerConnector(tls: peerTLS),
            seal: HopSeal(keys.current),
            visitor: LoopVisitor(
                ids: ids,
                sources: SourceResolver(
                    trustedProxies: process.http.trustedProxies, isInCluster: true),
                clock: clock),
            refusal: { RefusalAnswer($0, ids: ids, date: date.text(at: clock.now())) })
    }

    var metrics: ClusterMetrics {
        ClusterMetrics(log: member.log) { [gate] in gate.isOpen }
    }

    // MARK: Services

    /// Follows the log for as long as the server runs.
    ///
    /// - Parameter begin: what is to be settled before anybody is served.
    func following(begin: @escaping @Sendable () async -> Void) -> Following {
        let keeper = OwnedShards(server: self, settle: begin)
        let follower = StateFollower(
            shardCount: member.log.shardCount,
            usage: Core.usage(process.settings, core.catalog), keeper: keeper,
            onLost: Self.restart(process))
        let scrubbing = CopyScrubbing(
            log: member.log, intervalSeconds: Int64(process.settings.cluster.scrubSeconds),
            clock: process.clock, logger: process.logger)
        return Following(member: member, follower: follower, scrubbing: scrubbing)
    }

    var departure: Departure { Departure(server: self) }

    // MARK: Handing over

    /// The engine may be choosing a leader.
    private static let releasePatience = Duration.seconds(5)
    /// How long the next owner is waited for, by whoever stops or wants to know.
    private static let successorPatience = Duration.seconds(2)
    private static let lookEvery = Duration.milliseconds(5)

    /// Gives up everything between two requests. Those that come meanwhile wait for the next owner.
    ///
    /// - Returns: whether another server has taken over.
    func handOver() async -> Bool {
        let left = await gate.drain()
        if left > 0 {
            process.logger.notice(
                "gives up the data with requests under way", metadata: ["count": "\(left)"])
        }
        member.standAside()
        await until(within: Self.releasePatience) { !member.ownsAny }
        return await until(within: Self.successorPatience) { member.owner != nil }
    }

    /// Whether requests have somewhere to go, now or after a hand-over that is under way.
    func hasOwner() async -> Bool {
        await until(within: .milliseconds(HeldRequests.holdMilliseconds)) {
            gate.isOpen || member.owner != nil
        }
    }

    @discardableResult
    private func until(within patience: Duration, _ isSo: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while !isSo() {
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            try? await Task.sleep(for: Self.lookEvery)
        }
        return true
    }
}
