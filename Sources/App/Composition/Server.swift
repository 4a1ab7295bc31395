import Actors
import Foundation
import HTTPTypes
import Logging
import NIOCore
import Persistence
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The composition root: which parts there are, what each one is given, and in which order they
/// start and stop.
enum Server {
    /// Serves until SIGTERM or SIGINT, then finishes what is under way, writes a last snapshot and
    /// returns.
    ///
    /// - Throws: what kept it from starting (`ExitStatus` knows the codes).
    static func run(_ settings: Settings, keys: MasterKeys) async throws {
        let sink = LogSink.standardError()
        defer { sink.flush() }
        let clock = SystemWallClock()
        let logger = makeLogger(settings, sink, clock)
        FileDescriptors.raiseLimit()
        let http = FileDescriptors.fitted(try settings.httpConfiguration(), logger: logger)
        let process = Process(
            settings: settings, http: http, sink: sink, logger: logger, clock: clock)
        guard !settings.cluster.isOn else {
            return try await ClusterServer.run(process, keys: keys)
        }
        let core = try await Core.open(settings, keys: keys, clock: clock, logger: logger)
        try await serve(core, process, in: nil)
        await core.close()
    }

    /// What a process has before it has any data.
    struct Process: Sendable {
        let settings: Settings
        var http: HTTPServerConfiguration
        let sink: LogSink
        let logger: Logger
        let clock: any WallClock
        let ids = TraceIDSource(seed: SystemRandomSource())
        let isStopping = StopFlag()
    }

    /// Serves what the core has, until it is told to stop.
    ///
    /// - Parameter cluster: what the data comes and goes with; nil where it is here already.
    /// - Throws: when the address can't be bound; the core is closed then.
    static func serve(
        _ core: Core, _ process: Process, in cluster: ClusterServer?
    ) async throws {
        let (settings, http, logger) = (process.settings, process.http, process.logger)
        let registry = ConnectionRegistry()
        let stage = Stage(
            core: core, settings: settings, http: http, ids: process.ids, registry: registry,
            accessLog: settings.accessLog ? AccessLog(to: process.sink) : nil,
            metrics: cluster.map { [$0.metrics.write] } ?? [],
            readiness: readiness(core, process, cluster), logger: logger)
        let built = try stage.build(
            try settings.providers(
                core.catalog, environment: ProcessInfo.processInfo.environment))
        let server = HTTPServer(
            http, front: built.front, gateway: built.gateway, direct: built.direct,
            registry: registry, logger: logger
        ) { [http] port in
            Announcement.print(host: http.host, port: port, isTLS: http.tls != nil)
        }
        let snapshotter = core.snapshotter(settings, logger: logger)
        let upkeep = Upkeep(core: core, snapshotter: snapshotter)
        let commands = operatorService(core, settings, process.ids, upkeep: upkeep)
        // Stopped in the reverse order: first /ready says so, and what is owned is given up; then
        // nobody comes in any more, last the housekeeping ends.
        var services: [any Service] = [
            upkeep,
            Sweeper(accounts: core.accounts, clock: process.clock),
            HistoryKeeper(history: built.history, clock: process.clock),
            ControlServer(directory: settings.dataDirectory, logger: logger) { command in
                guard let cluster else { return await commands.perform(command) }
                return await cluster.perform(command)
            },
            built.prober,
            server,
        ]
        if let cluster {
            cluster.open(commands)
            services.insert(cluster.following(begin: built.begin), at: 0)
            services.append(cluster.departure)
        } else {
            await built.begin()
            services.append(StopWatch(flag: process.isStopping))
            logger.info(
                "recovered",
                metadata: [
                    "data_dir": "\(settings.dataDirectory)",
                    "records": "\(core.recordsReplayed)",
                ])
        }
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        do {
            try await group.run()
        } catch {
            await core.close()
            if let reason = error as? IOError {
                throw ListenError(host: http.host, port: http.port, reason: reason)
            }
            throw error
        }
        await built.gateway.stop()
        // In a cluster the next owner has everything in memory and waits only for the release.
        if core.local != nil { await snapshotter.takeAndReport() }
    }

    private static func readiness(
        _ core: Core, _ process: Process, _ cluster: ClusterServer?
    ) -> @Sendable () async -> OperationsRoutes.Readiness {
        { [log = core.log, isStopping = process.isStopping] in
            if isStopping.isSet { return .stopping }
            guard await cluster?.hasOwners() ?? true else { return .noOwner }
            return log.hasRoom ? .ready : .diskRefusesWrites
        }
    }

    /// Opens the data without serving it, for an operator's command beside no server.
    static func withOffline<Value: Sendable>(
        _ settings: Settings, keys: MasterKeys,
        _ body: @Sendable (OperatorService) async throws -> Value
    ) async throws -> Value {
        guard !settings.cluster.isOn else {
            throw OperatorFailure(
                status: .unavailable,
                text: "The log is a cluster's, so this has to be asked of a running server of "
                    + "it: run it there, with that server's --data-dir.")
        }
        let sink = LogSink.standardError()
        defer { sink.flush() }
        let clock = SystemWallClock()
        let logger = makeLogger(settings, sink, clock)
        let core = try await Core.open(settings, keys: keys, clock: clock, logger: logger)
        let service = operatorService(
            core, settings, TraceIDSource(seed: SystemRandomSource()),
            upkeep: Upkeep(core: core, snapshotter: core.snapshotter(settings, logger: logger)))
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(service))
        } catch {
            result = .failure(error)
        }
        await core.close()
        return try result.get()
    }

    private static func makeLogger(
        _ settings: Settings, _ sink: LogSink, _ clock: any WallClock
    ) -> Logger {
        Logger(label: "countersign") { label in
            JSONLogHandler(label: label, level: settings.logLevel, sink: sink, clock: clock)
        }
    }

    private static func operatorService(
        _ core: Core, _ settings: Settings, _ ids: TraceIDSource, upkeep: Upkeep
    ) -> OperatorService {
        OperatorService(
            accounts: core.accounts, minting: minting(core, settings),
            resetTokenSeconds: settings.policy.resetTokenSeconds, clock: core.clock, ids: ids,
            upkeep: upkeep)
    }

    private static func minting(_ core: Core, _ settings: Settings) -> TokenMinting {
        minting(core.accounts, core.catalog, settings)
    }

    private static func minting(_ core: Parts, _ settings: Settings) -> TokenMinting {
        minting(core.accounts, core.catalog, settings)
    }

    private static func minting(
        _ accounts: AccountDirectory, _ catalog: IntegrationCatalog, _ settings: Settings
    ) -> TokenMinting {
        TokenMinting(
            installation: accounts.installation, integrationIDs: Set(catalog.ids.map(\.text)),
            tokensPerAccountMax: settings.tokensPerAccountMax)
    }

    // MARK: HTTP

    /// What endpoints are made of.
    struct Parts: Sendable {
        let accounts: AccountDirectory
        let usage: UsageActor
        let catalog: IntegrationCatalog
        let providers: [GatewayProvider]
        let prober: Prober
        let sms: SMSService
        let audit: UsageAudit
        let traces: TraceRoutes
        let overview: OverviewRoutes
        let clock: any WallClock
    }

    /// Every endpoint but those of `OperationsRoutes`, which describe the others.
    static func endpoints(_ core: Parts, _ settings: Settings) -> [Endpoint] {
        let absolute = settings.policy.sessionAbsoluteSeconds
        let accounts = core.accounts
        return AccountRoutes(
            accounts: accounts, registration: settings.registrationGate,
            sessionAbsoluteSeconds: absolute
        ).endpoints
            + SessionRoutes(accounts: accounts, clock: core.clock).endpoints
            + TwoFactorRoutes(
                accounts: accounts, issuer: settings.policy.issuer,
                sessionAbsoluteSeconds: absolute
            ).endpoints
            + TokenRoutes(minting: minting(core, settings)).endpoints
            + AdminRoutes(
                accounts: accounts, resetTokenSeconds: settings.policy.resetTokenSeconds
            ).endpoints
            + UsageRoutes(usage: core.usage, integrations: Set(core.catalog.ids)).endpoints
            + IntegrationRoutes(
                usage: core.usage, providers: core.providers, prober: core.prober
            ).endpoints
            + AuditRoutes(audit: core.audit).endpoints
            + core.traces.endpoints
            + core.overview.endpoints
            + AlertRoutes(
                service: core.sms, usage: core.usage,
                provider: core.providers.first { $0.id == TwilioAccount.integration },
                limits: settings.smsLimits
            ).endpoints
            + GatewayRoutes().endpoints
            + ConsoleRoutes().endpoints
    }
}

/// Whether the server has been told to stop.
final class StopFlag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// Sets the flag when the graceful stop begins, so that `/ready` sends balancers elsewhere at once.
private struct StopWatch: Service {
    let flag: StopFlag

    func run() async throws {
        try await gracefulShutdown()
        flag.set()
    }
}

/// The one line that scripts wait for.
enum Announcement {
    static func print(host: String, port: Int, isTLS: Bool) {
        let name = host.contains(":") ? "[\(host)]" : host
        let line = "listening on \(isTLS ? "https" : "http")://\(name):\(port)\n"
        FileHandle.standardOutput.write(Data(line.utf8))
    }
}
