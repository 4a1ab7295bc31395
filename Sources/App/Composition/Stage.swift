import Actors
import Foundation
import HTTPTypes
import Logging
import NIOPosix
import Persistence

/// What stands in front of an opened core: endpoints, gateway and prober, built in the order in
/// which they need each other.
struct Stage: Sendable {
    let core: Core
    let settings: Settings
    let http: HTTPServerConfiguration
    let ids: TraceIDSource
    let registry: ConnectionRegistry
    let accessLog: AccessLog?
    /// What `/metrics` shows beside the core and the gateway.
    let metrics: [Metrics.Source]
    /// What `/ready` says.
    let readiness: @Sendable () async -> OperationsRoutes.Readiness
    let logger: Logger

    /// What is built.
    struct Built: Sendable {
        let front: Front
        let gateway: Gateway
        let direct: DirectRoutes
        let prober: Prober
        let history: RequestHistory
        /// To be called when what there is once is here, before anybody is served from it.
        let begin: @Sendable () async -> Void
    }

    func build(_ providers: [GatewayProvider]) throws -> Built {
        let metrics = HTTPMetrics()
        let memory = RequestMemory()
        let history = RequestHistory(metrics, at: core.clock.now())
        let sources = SourceResolver(
            trustedProxies: http.trustedProxies, isInCluster: http.router != nil)
        let securityHeaders = SecurityHeaders(isReachedByTLS: http.isReachedByTLS)
        let encoder = ReplyEncoder(securityHeaders: securityHeaders)
        let bodies = BodyBudget(bytesMax: http.bodiesBytesMax)
        let visitor = LoopVisitor(ids: ids, sources: sources, clock: core.clock)
        let route = Route(GatewayRoutes.any)
        let gateway = Gateway(
            Gateway.Parts(
                providers: providers, tokens: core.accounts.installation.tokenIndex,
                journal: core.journal,
                bulkheads: CallBulkheads(
                    perIntegrationMax: settings.callsPerIntegrationMax,
                    perTokenMax: settings.callsPerTokenMax),
                limiters: core.limits, hasCallLimit: settings.rates[.calls].quota != nil,
                visitor: visitor, clock: core.clock, encoder: encoder, metrics: metrics,
                accessLog: accessLog, logger: logger),
            route: route, group: MultiThreadedEventLoopGroup.singleton)
        let prober = Prober(
            calls: gateway, providers: providers, usage: core.usage,
            isWanted: { [holds = core.holds] in holds.holds(RecoveredState.commonShard) },
            ids: ids, clock: core.clock,
            afterSeconds: settings.probes ? settings.probesAfterSeconds : nil)
        let sms = SMSService(
            alerts: core.alerts,
            account: TwilioAccount(
                core.catalog, environment: ProcessInfo.processInfo.environment,
                publicURL: settings.publicURL),
            calls: gateway, journal: core.journal, keyring: core.keyring, clock: core.clock,
            random: SystemRandomSource(), logger: logger)
        let ownMetrics: [Metrics.Source] = [
            CoreMetrics(core: core, connections: { [registry] in registry.count }, bodies: bodies)
                .write,
            GatewayMetrics(gateway: gateway).write,
        ]
        let operations = OperationsRoutes(
            version: Version.text,
            metrics: Metrics(http: metrics, sources: ownMetrics + self.metrics),
            readiness: readiness)
        let traces = TraceRoutes(
            accounts: core.accounts, usage: core.usage, alerts: core.alerts, requests: memory
        ) { await gateway.calls(under: $0) }
        let endpoints = Server.endpoints(
            core.parts(providers, prober, sms, traces, history), settings)
        let table = try EndpointTable(endpoints + operations.endpoints(beside: endpoints))
        let front = Front(
            Front.Parts(
                table: table,
                accounts: AccountAuthenticator(
                    accounts: core.accounts, stepUpSeconds: settings.policy.stepUpSeconds),
                limiters: core.limits, sources: sources,
                sameSite: SameSiteRule(publicOrigin: http.publicOrigin),
                bodies: BodyReader(
                    jsonBytesMax: http.jsonBodyBytesMax,
                    budget: bodies), encoder: encoder,
                metrics: metrics, accessLog: accessLog, memory: memory, ids: ids, clock: core.clock,
                logger: logger))
        metrics.showMore([route])
        let direct = DirectRoutes(
            accounts: core.accounts, usage: core.usage, integrations: Set(core.catalog.ids),
            visitor: visitor, answer: DirectAnswer(securityHeaders: securityHeaders),
            metrics: metrics, accessLog: accessLog,
            sessionRoute: directRoute(.get, SessionRoutes.currentPath, .reads, in: table),
            reportRoute: directRoute(.post, UsageRoutes.ingestPath, .ingest, in: table))
        return Built(
            front: front, gateway: gateway, direct: direct, prober: prober, history: history
        ) {
            // Another server may be about to finish a registration.
            if core.calls != nil {
                await core.accounts.installation.respectClaim(at: core.clock.now())
            }
            await settle(providers)
            await sms.closeInterrupted(core.usage)
        }
    }

    /// Settles what the owner before this one left open.
    private func settle(_ providers: [GatewayProvider]) async {
        var fingerprints: [IntegrationID: CredentialFingerprint] = [:]
        for provider in providers {
            fingerprints[provider.id] = provider.fingerprint(core.keyring)
        }
        do throws(AppendError) {
            try await core.usage.begin(fingerprints: fingerprints, at: core.clock.now())
        } catch {
            // A full disk is no reason not to serve reads; the next start says it again.
            logger.warning("interrupted calls are not marked yet", error: error)
        }
    }
}

extension Stage {
    /// The route to count direct answers under; nil when requests of its class are limited.
    private func directRoute(
        _ method: HTTPRequest.Method, _ path: String, _ limit: RateClass, in table: EndpointTable
    ) -> Route? {
        guard settings.rates[limit].quota == nil else { return nil }
        return table.routes.first { $0.endpoint.method == method && $0.endpoint.path == path }
    }
}

/// The front's question to the accounts.
private struct AccountAuthenticator: Authenticating {
    let accounts: AccountDirectory
    let stepUpSeconds: Int64

    func session(
        _ secret: BearerSecret, at now: Timestamp
    ) async throws(APIError) -> SessionPrincipal? {
        try await accountRule { () throws(AccountError) in
            try await accounts.authenticate(secret, at: now)
        }
    }

    func token(_ secret: BearerSecret, at now: Timestamp) async -> TokenPrincipal? {
        await accounts.installation.authenticate(secret.digest, at: now)
    }
}
