import Actors
import Foundation
import Logging
import Persistence
import Replication
import Synchronization

/// The actors, on a data directory or on the log of a cluster.
///
/// A data directory is brought up in the only order that is safe: lock, manifest, key, recovery,
/// actors. The server puts HTTP in front of it; an operator's command beside no server uses it as
/// it is.
struct Core: Sendable {
    /// What is on a disk of ours.
    struct LocalStore: Sendable {
        let directory: DataDirectory
        let log: FileLog
    }

    /// Nil in a cluster.
    let local: LocalStore?
    let log: any EventLog
    let accounts: AccountDirectory
    let usage: UsageActor
    let alerts: AlertsActor
    let journal: CallJournal
    let keyring: DataKeyring
    /// What wraps the data keys.
    let masterKey: MasterKey
    let limiters: RateLimiters
    /// Asks the owners of all shards; nil where all are here.
    let calls: RoutedShardCalls?
    /// What of all this is here at the moment.
    let holds: ShardHolds
    let snapshots = SnapshotHealth()
    let hasPreviousKeys: Bool
    let hasher: PasswordHasher
    let catalog: IntegrationCatalog
    let clock: any WallClock
    let recordsReplayed: Int

    /// - Throws: `StorageError` when the directory is in use or not whole, `KeyRejection` when none
    ///   of the keys opens it. Nothing but the lock has been changed then.
    static func open(
        _ settings: Settings, keys: MasterKeys, clock: any WallClock, logger: Logger
    ) async throws -> Core {
        let random = SystemRandomSource()
        let usage = usage(settings, try settings.catalog())
        let (directory, keyring) = try openDirectory(settings, keys: keys, random: random)
        let log = try FileLog.open(
            directory, segmentBytes: settings.logSegmentBytes,
            sealMilliseconds: settings.logSealMilliseconds,
            onFatal: FatalDisk.endProcess)
        for notice in log.notices { logger.warning("\(notice)") }
        let recovered: RecoveredState
        do {
            recovered = try RecoveredState.recover(from: log, usage: usage)
        } catch let fault as DecodingFault {
            throw StorageError.notUnderstood(fault, in: directory.path)
        }
        return try await make(
            of: recovered, settings, keys: keys, keyring: keyring, log: log,
            local: LocalStore(directory: directory, log: log), clock: clock)
    }

    static func usage(_ settings: Settings, _ catalog: IntegrationCatalog) -> UsageState {
        UsageState(
            integrations: catalog.ids, ringEvents: settings.usageRingEvents,
            dedupKeysMax: settings.usageDedupKeysMax)
    }

    /// Makes the actors, which own the state from then on.
    ///
    /// - Parameters:
    ///   - local: what `log` is, unless it is a cluster's.
    ///   - routing: makes what asks the owners of shards, in a cluster.
    static func make(
        of recovered: RecoveredState, _ settings: Settings, keys: MasterKeys, keyring: DataKeyring,
        log: any EventLog, local: LocalStore?, clock: any WallClock, routing: Routing? = nil
    ) async throws -> Core {
        let random = SystemRandomSource()
        let limiters = RateLimiters(policies: settings.rateLimits)
        for chunk in recovered.rateLimits.chunks {
            try await limiters.restore(chunk: chunk, at: clock.now())
        }
        let holds = ShardHolds(shardCount: log.shardCount, holdsAll: local != nil)
        let hasher = settings.makeHasher()
        let journal = CallJournal(log: log)
        let usageActor = UsageActor(recovered: recovered.usage, log: log, journal: journal)
        journal.whenFresh { Task { await usageActor.absorb() } }
        let shards = recovered.accounts.enumerated().map { index, accounts in
            AccountActor(
                shard: ShardID(UInt16(index)), recovered: accounts, log: log, keyring: keyring,
                hasher: hasher, policy: settings.policy, random: random)
        }
        let installation = InstallationActor(
            recovered: recovered.installation, lastUsed: recovered.tokensLastUsed, log: log,
            random: random)
        let calls = routing?(shards, installation, limiters, holds)
        return Core(
            local: local, log: log,
            accounts: AccountDirectory(
                shards: shards, installation: installation, calls: calls, isHere: holds.holds,
                hasher: hasher, random: random),
            usage: usageActor,
            alerts: AlertsActor(
                recovered: recovered.alerts, limits: settings.smsLimits, log: log),
            journal: journal, keyring: keyring, masterKey: keys.current, limiters: limiters,
            calls: calls, holds: holds,
            hasPreviousKeys: !keys.previous.isEmpty,
            hasher: hasher, catalog: try settings.catalog(), clock: clock,
            recordsReplayed: recovered.recordsReplayed)
    }

    private static func openDirectory(
        _ settings: Settings, keys: MasterKeys, random: SystemRandomSource
    ) throws -> (DataDirectory, DataKeyring) {
        let fresh = DataKeyring.generate(random: random)
        let name = TraceID(random: random)
        let directory = try DataDirectory.open(
            settings.dataDirectory, in: POSIXFileSystem(), segmentBytes: settings.logSegmentBytes,
            id: DirectoryID(high: name.high, low: name.low)
        ) {
            WrappedDataKeys.wrap(fresh, with: keys.current, random: random)
        }
        let (keyring, needsRewrap) = try WrappedDataKeys.unwrap(
            directory.metadata, with: keys.current, previous: keys.previous)
        if needsRewrap {
            try directory.replaceMetadata(
                WrappedDataKeys.wrap(keyring, with: keys.current, random: random))
        }
        return (directory, keyring)
    }

    typealias Routing = (
        [AccountActor], InstallationActor, RateLimiters, ShardHolds
    ) -> RoutedShardCalls

    /// Where requests are counted against their limits.
    var limits: any RateLimiting { calls ?? limiters }

    func parts(
        _ providers: [GatewayProvider], _ prober: Prober, _ sms: SMSService, _ traces: TraceRoutes,
        _ history: RequestHistory
    ) -> Server.Parts {
        Server.Parts(
            accounts: accounts, usage: usage, catalog: catalog, providers: providers,
            prober: prober, sms: sms,
            audit: UsageAudit(usage: usage, log: log, integrations: catalog.ids), traces: traces,
            overview: OverviewRoutes(sources: overview(providers, history)), clock: clock)
    }

    private func overview(
        _ providers: [GatewayProvider], _ history: RequestHistory
    ) -> OverviewRoutes.Sources {
        OverviewRoutes.Sources(
            accounts: accounts, usage: usage, journal: journal, providers: providers,
            history: history, snapshots: snapshots, log: log,
            logStallMilliseconds: { [local] in local?.log.stallMilliseconds ?? 0 },
            diskFreeBytes: { [local] in local?.directory.freeBytes },
            cluster: clusterOverview,
            hasPreviousKeys: hasPreviousKeys, startedAt: clock.now(), version: Version.text)
    }

    private var clusterOverview: (@Sendable () -> ClusterOverview)? {
        guard let log = log as? JetStreamLog else { return nil }
        return { ClusterOverview(log) }
    }

    func snapshotter(_ settings: Settings, logger: Logger) -> Snapshotter {
        Snapshotter(
            log: log, accounts: accounts, usage: usage, alerts: alerts, rateLimiters: limiters,
            holds: holds, clock: clock, health: snapshots,
            intervalSeconds: settings.snapshotIntervalSeconds,
            logBytes: UInt64(settings.snapshotLogBytes), logger: logger)
    }

    /// Everything that was acknowledged is on the disk already; this leaves the mark of a good end.
    func close() async {
        hasher.shutdown()
        await log.close()
        local?.directory.close()
    }
}

/// The end of a process whose disk has failed.
enum FatalDisk {
    /// EX_IOERR of sysexits.h.
    private static let exitCode: Int32 = 74

    /// The kernel may have dropped what it could not write, and would say of the next sync that it
    /// went well. So nothing that this process still believes can be trusted; the log can.
    static let endProcess: @Sendable (StorageError) -> Void = { error in
        let text =
            "fatal: \(error)\nThe disk refused a write or a sync, so the server stops before it "
            + "says anything untrue. Everything acknowledged is in the log. Check the disk, then "
            + "start the server again.\n"
        FileHandle.standardError.write(Data(text.utf8))
        _exit(exitCode)
    }
}

extension StorageError {
    /// Nothing is damaged: a newer version wrote it, or a bug did.
    static func notUnderstood(_ fault: DecodingFault, in place: String) -> StorageError {
        .corrupt(
            file: place, offset: 0,
            reason: "its records pass their checksums and can't be understood (\(fault)); were "
                + "they written by a newer version?")
    }
}
