import Actors
import Logging
import Persistence

extension Server {
    /// The API as a document, without any data: the routes are built on actors that own nothing.
    static func openAPIDocument() throws -> [UInt8] {
        try OpenAPIDocument(describedEndpoints(), version: Version.text).json
    }

    /// Every endpoint of the server, for documents and for the tests that look for gaps.
    static func describedEndpoints() throws -> [Endpoint] {
        let settings = Settings()
        let core = try Parts.describing(settings)
        let endpoints = endpoints(core, settings)
        let operations = OperationsRoutes(
            version: Version.text, metrics: Metrics(http: HTTPMetrics())
        ) { .ready }
        return endpoints + operations.endpoints(beside: endpoints)
    }
}

extension Server.Parts {
    fileprivate static func describing(_ settings: Settings) throws -> Server.Parts {
        let log = EmptyLog()
        let random = SystemRandomSource()
        let hasher = settings.makeHasher()
        let catalog = try settings.catalog()
        let installation = InstallationActor(
            recovered: InstallationState(), lastUsed: [:], log: log, random: random)
        let shards = (0..<log.shardCount).map { shard in
            AccountActor(
                shard: ShardID(UInt16(shard)), recovered: RecoveredAccounts(), log: log,
                keyring: .generate(random: random), hasher: hasher, policy: settings.policy,
                random: random)
        }
        let usage = UsageState(
            integrations: catalog.ids, ringEvents: settings.usageRingEvents,
            dedupKeysMax: settings.usageDedupKeysMax)
        let usageActor = UsageActor(recovered: usage, log: log)
        let alerts = AlertsActor(
            recovered: AlertsState(), limits: settings.smsLimits, log: log)
        let sms = SMSService(
            alerts: alerts,
            account: TwilioAccount(catalog, environment: [:], publicURL: settings.publicURL),
            calls: NoCalls(), journal: CallJournal(log: log),
            keyring: .generate(random: random), clock: SystemWallClock(), random: random,
            logger: Logger(label: "countersign"))
        let accounts = AccountDirectory(
            shards: shards, installation: installation, hasher: hasher, random: random)
        return Server.Parts(
            accounts: accounts,
            usage: usageActor, catalog: catalog, providers: [],
            prober: Prober(
                calls: NoCalls(), providers: [], usage: usageActor, isWanted: { false },
                ids: TraceIDSource(seed: random), clock: SystemWallClock(), afterSeconds: nil),
            sms: sms, audit: UsageAudit(usage: usageActor, log: log, integrations: catalog.ids),
            traces: TraceRoutes(
                accounts: accounts, usage: usageActor, alerts: alerts, requests: RequestMemory()
            ) { _ in [] },
            overview: OverviewRoutes(sources: .describing(accounts, usageActor, log)),
            clock: SystemWallClock())
    }
}

extension OverviewRoutes.Sources {
    fileprivate static func describing(
        _ accounts: AccountDirectory, _ usage: UsageActor, _ log: EmptyLog
    ) -> OverviewRoutes.Sources {
        let now = SystemWallClock().now()
        return OverviewRoutes.Sources(
            accounts: accounts, usage: usage, journal: CallJournal(log: log), providers: [],
            history: RequestHistory(HTTPMetrics(), at: now), snapshots: SnapshotHealth(), log: log,
            logStallMilliseconds: { 0 }, diskFreeBytes: { nil }, hasPreviousKeys: false,
            startedAt: now, version: Version.text)
    }
}

/// A gateway that calls nobody.
private struct NoCalls: ProviderCalling {
    func call(_ call: ProviderCall) async -> ProviderAnswer {
        ProviderAnswer(refused: call, nil)
    }
}

/// A log that holds nothing and takes nothing.
private struct EmptyLog: EventLog {
    let shardCount = 1
    let appendBytesMax = 0
    let bytesSinceSnapshot: UInt64 = 0
    let snapshotBytes: UInt64 = 0
    let hasRoom = false

    func append(
        _ batch: RecordBatch, to shard: ShardID, expecting: UInt64?
    ) throws(AppendError) -> LogPosition {
        throw .full
    }

    func isDurable(_ position: LogPosition) -> Bool { true }
    func durable(through position: LogPosition) async {}
    func whenDurable(_ position: LogPosition, _ body: @escaping @Sendable () -> Void) { body() }
    func read(from records: [ShardID: UInt64], _ body: (LoggedSection) throws -> Void) throws {}
    func snapshotBase() -> SnapshotBase { SnapshotBase(frame: 0, records: [:]) }
    func putSnapshot(_ parts: [SnapshotPart], base: SnapshotBase) throws(StorageError) {}
    func latestSnapshot() -> SnapshotFile? { nil }
    func close() async {}
}
