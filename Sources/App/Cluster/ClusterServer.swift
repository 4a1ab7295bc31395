import Actors
import Foundation
import Logging
import NIOSSL
import Persistence
import ServiceLifecycle
import UnixSignals

/// The server as a member of a cluster: a standby until all of the data is its own, then the owner
/// until it is told to stop. An owner that loses the data does not come back here: `Restart`.
struct ClusterServer: Service {
    private let process: Server.Process
    private let keys: MasterKeys
    private let member: ClusterMember
    private let seal: HopSeal
    private let peerTLS: NIOSSLContext

    static func run(_ process: Server.Process, keys: MasterKeys) async throws {
        let settings = process.settings
        let file = settings.cluster.peerAuthoritiesFile
        let peerTLS = try ClusterMember.readable("cluster.peer_ca_file", file) {
            try OwnerConnector.tls(authorities: file)
        }
        let member = try await ClusterMember.join(
            settings, keys: keys, usage: Core.usage(settings, try settings.catalog()),
            isStopping: process.isStopping, logger: process.logger)
        let server = ClusterServer(
            process: process, keys: keys, member: member, seal: HopSeal(keys.current),
            peerTLS: peerTLS)
        try await ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: process.logger
        ).run()
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await member.follow() }
            group.addTask {
                let result: Result<Void, any Error>
                do {
                    result = .success(try await serve())
                } catch {
                    result = .failure(error)
                }
                // However it ended: the next one takes over at once.
                await member.leave()
                try result.get()
            }
            try await group.waitForAll()
        }
    }

    private func serve() async throws {
        let standby = try await StandbyServer.start(process.http, standbyParts)
        let isStopping = process.isStopping
        let state = await withGracefulShutdownHandler {
            await member.ownership(isStopping: isStopping)
        } onGracefulShutdown: {
            isStopping.set()
        }
        guard let state else {
            await standby.stop()
            return await standby.finish()
        }
        process.logger.notice("owns the data of the cluster")
        try await own(state, instead: standby)
    }

    private func own(_ state: RecoveredState, instead standby: StandbyServer) async throws {
        var process = process
        process.http.duty = OwnerDuty(seal: seal, clock: process.clock) { [member] in
            member.mayRead
        }
        // Where the socket for operators is.
        try FileManager.default.createDirectory(
            atPath: process.settings.dataDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let core = try await Core.make(
            of: state, process.settings, keys: keys, keyring: member.keyring, log: member.log,
            local: nil, clock: process.clock)
        let metrics = ClusterMetrics(log: member.log, isOwner: true)
        try await Server.serve(
            core, process, signals: [], metrics: [{ text in metrics.write(to: &text) }]
        ) { await standby.stop() }
        await core.close()
    }

    private var standbyParts: StandbyParts {
        let sources = SourceResolver(trustedProxies: process.http.trustedProxies)
        let (ids, clock) = (process.ids, process.clock)
        let metrics = ClusterMetrics(log: member.log, isOwner: false)
        return StandbyParts(
            owner: { [member] in member.owner }, connector: OwnerConnector(tls: peerTLS),
            seal: seal, visitor: LoopVisitor(ids: ids, sources: sources, clock: clock),
            answers: StandbyAnswers(
                ids: ids, clock: clock, sources: sources,
                metrics: {
                    var text = PrometheusText()
                    metrics.write(to: &text)
                    return text.bytes
                },
                isReady: { [member, process] in
                    !process.isStopping.isSet && member.owner != nil
                }))
    }
}
